package dev.freshet.sync.log;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.Changes;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SchemaImage;
import dev.freshet.sync.source.SourceTransaction;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Transactions to write, each told by its place. */
final class Written {

  static final TableName TABLE = new TableName("public", "item");

  private Written() {}

  /** What holds: nothing in particular. */
  static LogState state() {
    return new LogState(
        new ChangeSource.Origin("1", "written"),
        1,
        "",
        new SchemaImage(List.of(), List.of(), Map.of(), List.of(), List.of(), List.of(), List.of()),
        List.of(),
        LogState.Refused.NONE,
        List.of());
  }

  static Place place(long number) {
    return new Place(1, number);
  }

  /** The transaction of this number: some rows, of every kind of change. */
  static SourceTransaction transaction(long number) {
    Random random = new Random(number);
    Changes changes = new Changes();
    int rows = random.nextInt(50) == 0 ? 4_000 : random.nextInt(6);
    for (int i = 0; i < rows; i++) {
      changes.add(change(random, number, i));
    }
    return new SourceTransaction(
        place(number),
        Instant.ofEpochMilli(number),
        changes,
        number % 3 == 0 ? "00-" + number : null);
  }

  private static RowChange change(Random random, long number, int i) {
    return switch (random.nextInt(10)) {
      case 0 -> new RowChange.Delete(TABLE, List.of("k" + i));
      case 1 -> new RowChange.Truncate(TABLE);
      case 2 -> new RowChange.Upsert(TABLE, row("n" + i, null), List.of("o" + i));
      case 3 -> new RowChange.Upsert(TABLE, row("u" + i, RowChange.UNCHANGED), null);
      case 4 -> new RowChange.Upsert(TABLE, row("i" + i, ""), null, true, null);
      case 5 -> new RowChange.Upsert(TABLE, row("b" + i, "x"), null, false, row("b" + i, null));
      case 6 -> new RowChange.Delete(TABLE, List.of("d" + i), row("d" + i, "gone"));
      default -> new RowChange.Upsert(TABLE, row("k" + i, "of " + number), null);
    };
  }

  private static List<@Nullable String> row(String key, @Nullable String value) {
    return Arrays.asList(key, value);
  }

  /** One row with a value of this length. */
  static SourceTransaction large(long number, int length) {
    Changes changes = new Changes();
    changes.add(new RowChange.Upsert(TABLE, row("k", "x".repeat(length)), null));
    return new SourceTransaction(place(number), Instant.ofEpochMilli(number), changes, null);
  }

  /** All that a transaction says, as text; an unsent value differs from the text of that name. */
  static String text(SourceTransaction transaction) {
    StringBuilder text =
        new StringBuilder(
            "%s %s %s"
                .formatted(transaction.end(), transaction.committedAt(), transaction.trace()));
    transaction
        .changes()
        .forEachChunk(
            changes ->
                changes.forEach(
                    change -> {
                      text.append('\n').append(change);
                      if (change instanceof RowChange.Upsert upsert) {
                        text.append(upsert.row().stream().filter(RowChange::isUnchanged).count());
                      }
                    }));
    return text.toString();
  }

  /** The chunks of transactions that follow each other, from a number to another. */
  static List<Chunk> chunks(long first, long last) {
    List<Chunk> chunks = new ArrayList<>();
    for (long number = first; number <= last; number++) {
      Chunks.of(place(number - 1), 0, transaction(number), chunks::add);
    }
    return chunks;
  }
}
