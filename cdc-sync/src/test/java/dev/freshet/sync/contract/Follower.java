package dev.freshet.sync.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Capture;
import dev.freshet.sync.source.CaptureRequest;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.ChangeSources;
import dev.freshet.sync.source.Claim;
import dev.freshet.sync.source.Continuation;
import dev.freshet.sync.source.Held;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.Seed;
import dev.freshet.sync.source.SourceObserver;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.SourceTransaction;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A copy of {@link WrittenSource}'s table, kept by nothing but the port. After each transaction it
 * checks what the source promises.
 */
final class Follower {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Map<String, String> rows = new TreeMap<>();
  private final List<Place> places = new ArrayList<>();
  private String system = "";
  private volatile @Nullable Place applied;
  private volatile @Nullable Place level;
  private Continuation last = new Continuation.GoOn();
  private int transactions;

  /** Where it is. */
  Place applied() {
    return Objects.requireNonNull(applied);
  }

  /** How it went on the last time. */
  Continuation continuation() {
    return last;
  }

  int transactions() {
    return transactions;
  }

  synchronized Map<String, String> rows() {
    return new TreeMap<>(rows);
  }

  /**
   * Follows a source from where it is, for as long as some work goes on and until it has arrived.
   *
   * @param work writes, and says what to wait for
   */
  void follow(ChangeSources sources, Work work) throws Exception {
    try (sources;
        ChangeSource source = sources.connect()) {
      last = source.continuation(new Held(system, applied));
      assertThat(source.publish(Set.of(WrittenSource.ITEM)).missing()).isEmpty();
      SourceTable table = source.schema().find(WrittenSource.ITEM).orElseThrow();
      if (last instanceof Continuation.CopyAll) {
        system = source.origin().system();
        copy(source, table);
      }
      Capture capture = source.capture(request(table));
      CompletableFuture<Void> running = CompletableFuture.runAsync(capture::run);
      try {
        work.run(condition -> await(condition, running), source);
      } finally {
        capture.close();
      }
      running.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
  }

  /** What is done while it follows. */
  @FunctionalInterface
  interface Work {
    void run(Awaiting awaiting, ChangeSource source) throws Exception;
  }

  /** Waits for a condition, as long as the capture runs. */
  @FunctionalInterface
  interface Awaiting {
    void until(BooleanSupplier condition) throws Exception;
  }

  private static void await(BooleanSupplier condition, CompletableFuture<Void> running)
      throws Exception {
    Instant end = Instant.now().plus(PATIENCE);
    while (!condition.getAsBoolean()) {
      if (running.isDone()) {
        running.get();
      }
      assertThat(Instant.now()).as("it arrives").isBefore(end);
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
  }

  private synchronized void copy(ChangeSource source, SourceTable table) {
    try (Seed seed = source.seed()) {
      rows.clear();
      seed.read(
          table,
          List.of("id", "note"),
          line -> {
            String[] values =
                new String(line, StandardCharsets.UTF_8).stripTrailing().split("\t", -1);
            rows.put(values[0], values[1]);
          });
      applied = seed.at();
    }
  }

  private CaptureRequest request(SourceTable table) {
    return new CaptureRequest(
        Map.of(table.name(), table),
        Set.of(),
        Set.of(),
        Set.of(),
        this::applied,
        all -> all.forEach(transaction -> apply(table, transaction)),
        new SourceObserver() {
          @Override
          public void marked(Place mark, Place end, @Nullable Claim claim, Instant at) {}

          @Override
          public void level(Place at, long sinceNanos, Instant instant) {
            level = at;
          }

          @Override
          public void sawClaim(@Nullable Claim claim, Place end, Instant at) {}
        });
  }

  private synchronized void apply(SourceTable table, SourceTransaction transaction) {
    assertThat(transaction.end()).as("places ascend").isGreaterThan(applied());
    assertThat(transaction.committedAt()).isNotNull();
    transaction.changes().forEachChunk(changes -> changes.forEach(this::apply));
    applied = transaction.end();
    places.add(transaction.end());
    if (!transaction.changes().isEmpty()) {
      transactions++;
      assertWhole();
    }
    assertThat(table.name()).isEqualTo(WrittenSource.ITEM);
  }

  private void apply(RowChange change) {
    TableName table = change.table();
    assertThat(table).isEqualTo(WrittenSource.ITEM);
    switch (change) {
      case RowChange.Upsert upsert -> {
        List<String> row = upsert.row();
        List<String> oldKey = upsert.oldKey();
        if (oldKey != null) {
          rows.remove(oldKey.getFirst());
        }
        rows.put(Objects.requireNonNull(row.getFirst()), String.valueOf(row.getLast()));
      }
      case RowChange.Delete delete -> rows.remove(delete.key().getFirst());
      case RowChange.Truncate ignored -> rows.clear();
    }
  }

  /**
   * Every transaction of a test counts in two rows, {@code left} and {@code right}: they are equal
   * unless one came in part, and ascend by one unless one is missing, came twice or too early.
   */
  private void assertWhole() {
    String left = rows.get("left");
    assertThat(rows.get("right")).as("transactions are whole").isEqualTo(left);
    if (left != null) {
      int now = Integer.parseInt(left);
      if (count != null) {
        assertThat(now).as("each transaction comes once, in order").isEqualTo(count + 1);
      }
      count = now;
    }
  }

  private @Nullable Integer count;

  /** Whether the source said that there was nothing beyond what is applied. */
  boolean isLevel() {
    return applied != null && Objects.equals(level, applied);
  }
}
