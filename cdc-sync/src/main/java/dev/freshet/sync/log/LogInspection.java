package dev.freshet.sync.log;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.SourceTransaction;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Reads a log for people, from a place or its beginning to the end that it has then. */
public final class LogInspection {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final LogAccess access;

  /** Reads nothing yet. */
  public LogInspection(LogAccess access) {
    this.access = access;
  }

  /**
   * What a log holds.
   *
   * @param from where it begins: copies at or past this can go on from it
   * @param to where its last transaction ends
   * @param oldest when its first record was written
   * @param newest when its last record was written
   * @param records how many, with the marks that Kafka keeps between them
   * @param state what holds at its end
   */
  public record Status(
      Place from, Place to, Instant oldest, Instant newest, long records, LogState state) {}

  /**
   * Looks at it.
   *
   * @throws LogUnreachable when the broker does not answer, or there is nothing in the log
   */
  public Status status() {
    access.require();
    try (LogRecords records = LogRecords.toSearch(access)) {
      Beginning beginning = beginning(records);
      ConsumerRecord<byte[], byte[]> last = LogEnd.last(records).orElseThrow(this::empty);
      Chunk end = Chunk.of(last.value());
      return new Status(
          beginning.place(),
          end.end(),
          Instant.ofEpochMilli(beginning.timestamp()),
          Instant.ofEpochMilli(last.timestamp()),
          records.end() - records.begin(),
          records.state(last.offset(), end));
    }
  }

  private record Beginning(long offset, Place place, long timestamp) {}

  /** The first entry that can be read: all of it is there, and the state that it goes by. */
  private Beginning beginning(LogRecords records) {
    long begin = records.begin();
    long end = records.end();
    records.seek(begin);
    while (records.position() < end) {
      for (ConsumerRecord<byte[], byte[]> record : records.more()) {
        Chunk chunk = Chunk.of(record.value());
        boolean isState = chunk.kind() == Chunk.Kind.SCHEMA;
        if (chunk.number() == 0 && (isState || chunk.stateAt() >= begin)) {
          return new Beginning(record.offset(), chunk.after(), record.timestamp());
        }
      }
    }
    throw empty();
  }

  private LogUnreachable empty() {
    return new LogUnreachable("There is nothing in the log %s".formatted(access.log()), null);
  }

  /**
   * Prints every entry as a line of JSON.
   *
   * @param from what comes after it; null for all
   * @throws LogBroken when the log does not reach back to it, or is damaged
   */
  public void cat(@Nullable Place from, Consumer<String> lines) {
    read(
        from,
        (entry, state) ->
            lines.accept(
                JSON.writeValueAsString(
                    switch (entry) {
                      case LogEntry.Committed(SourceTransaction transaction) ->
                          line(transaction, state);
                      case LogEntry.Told told -> line(told);
                    })));
  }

  private static Map<String, Object> line(LogEntry.Told told) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("kind", told.kind().name().toLowerCase(Locale.ROOT));
    line.put("position", told.end().toString());
    line.put("at", told.at().toString());
    if (!told.content().isEmpty()) {
      line.put("content", JSON.readTree(told.content()));
    }
    return line;
  }

  private static Map<String, Object> line(SourceTransaction transaction, LogState state) {
    Map<TableName, SourceTable> tables = state.asCarried();
    List<Map<String, @Nullable Object>> changes = new ArrayList<>();
    transaction
        .changes()
        .forEachChunk(
            chunk ->
                chunk.forEach(change -> changes.add(line(change, tables.get(change.table())))));
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("kind", "changes");
    line.put("position", transaction.end().toString());
    line.put("at", transaction.committedAt().toString());
    if (transaction.trace() != null) {
      line.put("trace", transaction.trace());
    }
    line.put("changes", changes);
    return line;
  }

  private static Map<String, @Nullable Object> line(RowChange change, @Nullable SourceTable table) {
    Map<String, @Nullable Object> line = new LinkedHashMap<>();
    line.put("table", change.table().toString());
    line.put("op", change.operation());
    List<String> key = table == null ? List.of() : table.key();
    switch (change) {
      case RowChange.Upsert upsert -> {
        line.put(
            "row",
            named(
                table == null
                    ? List.of()
                    : table.storedColumns().stream().map(SourceTable.Column::name).toList(),
                upsert.row()));
        List<String> oldKey = upsert.oldKey();
        if (oldKey != null) {
          line.put("oldKey", named(key, oldKey));
        }
      }
      case RowChange.Delete delete -> line.put("key", named(key, delete.key()));
      case RowChange.Truncate ignored -> {}
    }
    return line;
  }

  /** A value that was not sent is left out. */
  private static Map<String, @Nullable String> named(
      List<String> names, List<? extends @Nullable String> values) {
    Map<String, @Nullable String> named = new LinkedHashMap<>();
    for (int i = 0; i < values.size(); i++) {
      if (!RowChange.isUnchanged(values.get(i))) {
        named.put(i < names.size() ? names.get(i) : "#" + (i + 1), values.get(i));
      }
    }
    return named;
  }

  /**
   * What was found.
   *
   * @param from where what was read begins
   * @param to where it ends
   * @param gaps where transactions are missing, as the publisher has said
   */
  public record Verified(
      Place from, Place to, long transactions, long changes, long bytes, List<Place> gaps) {}

  /**
   * Reads everything: each chunk is there, places ascend, and no transaction is missing.
   *
   * @param from what comes after it; null for all
   * @throws LogBroken when something is wrong
   */
  public Verified verify(@Nullable Place from) {
    long[] counts = new long[3];
    List<Place> gaps = new ArrayList<>();
    Place[] last = new Place[1];
    Place begun =
        read(
            from,
            (entry, state) -> {
              switch (entry) {
                case LogEntry.Committed(SourceTransaction transaction) -> {
                  counts[0]++;
                  counts[1] += transaction.changes().size();
                  last[0] = transaction.end();
                }
                case LogEntry.Told told -> {
                  if (told.kind() == Chunk.Kind.GAP) {
                    gaps.add(told.end());
                  }
                  last[0] = told.end();
                }
              }
            },
            length -> counts[2] += length);
    return new Verified(
        begun, Optional.ofNullable(last[0]).orElse(begun), counts[0], counts[1], counts[2], gaps);
  }

  private interface Entries {
    void take(LogEntry entry, LogState state);
  }

  private void read(@Nullable Place from, Entries entries) {
    Place _ = read(from, entries, length -> {});
  }

  private Place read(@Nullable Place from, Entries entries, Consumer<Integer> lengths) {
    access.require();
    try (LogRecords records = LogRecords.toSearch(access)) {
      long end = records.end();
      Place begun;
      long offset;
      if (from == null) {
        Beginning beginning = beginning(records);
        begun = beginning.place();
        offset = beginning.offset();
      } else {
        begun = from;
        offset =
            LogStart.after(from, records)
                .orElseThrow(() -> new LogBroken("nothing any more of what follows " + from))
                .offset();
      }
      Optional<ConsumerRecord<byte[], byte[]>> first = records.first(offset, end);
      if (first.isEmpty()) {
        return begun;
      }
      LogState state = records.state(first.get().offset(), Chunk.of(first.get().value()));
      records.seek(offset);
      try (Assembly assembly = new Assembly(begun)) {
        while (records.position() < end) {
          for (ConsumerRecord<byte[], byte[]> record : records.more()) {
            lengths.accept(record.serializedValueSize());
            Optional<LogEntry> entry = assembly.take(Chunk.of(record.value()));
            if (entry.isEmpty()) {
              continue;
            }
            if (entry.get() instanceof LogEntry.Told told && told.kind() == Chunk.Kind.SCHEMA) {
              state = LogState.of(told.content());
            }
            try {
              entries.take(entry.get(), state);
            } finally {
              if (entry.get() instanceof LogEntry.Committed(SourceTransaction transaction)) {
                transaction.changes().close();
              }
            }
          }
        }
      }
      return begun;
    }
  }
}
