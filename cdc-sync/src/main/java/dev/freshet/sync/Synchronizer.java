package dev.freshet.sync;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.PostgresUrl;
import dev.freshet.sync.apply.Applier;
import dev.freshet.sync.apply.PositionStore;
import dev.freshet.sync.capture.CaptureListener;
import dev.freshet.sync.capture.ChangeCapture;
import dev.freshet.sync.capture.RowChange;
import dev.freshet.sync.capture.SourceTransaction;
import dev.freshet.sync.model.ModelFiles;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Pinger;
import dev.freshet.sync.source.Slot;
import dev.freshet.sync.source.SourceCatalogue;
import dev.freshet.sync.source.SourceDatabase;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.Views;
import dev.freshet.sync.status.Observation;
import dev.freshet.sync.status.Observation.State;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one read database in step, session by session: whatever fails ends the session, and the
 * next one goes on from what was applied.
 */
final class Synchronizer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Synchronizer.class);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final Duration STANDBY_PAUSE = Duration.ofMillis(500);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(20);

  private final SyncSettings settings;
  private final PostgresUrl primary;
  private final PostgresUrl readDatabase;
  private final Consumer<Observation> observer;
  private final Clock clock;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run, "synchronizer");

  private volatile @Nullable ChangeCapture capture;

  Synchronizer(SyncSettings settings, Consumer<Observation> observer, Clock clock) {
    this.settings = settings;
    this.primary = PostgresUrl.parse(settings.primary());
    this.readDatabase = PostgresUrl.parse(settings.readDatabase());
    this.observer = observer;
    this.clock = clock;
  }

  void start() {
    thread.start();
  }

  private void run() {
    Duration pause = FIRST_PAUSE;
    while (!isClosed()) {
      try {
        pause = session() ? FIRST_PAUSE : STANDBY_PAUSE;
      } catch (SyncRefused e) {
        become(State.REFUSED, String.valueOf(e.getMessage()));
        pause = LONGEST_PAUSE;
      } catch (SQLException | RuntimeException e) {
        if (!isClosed()) {
          log.debug("The session ended", e);
          become(State.RETRYING, String.valueOf(e.getMessage()));
        }
        pause =
            pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0
                ? pause.multipliedBy(2)
                : LONGEST_PAUSE;
      }
      await(pause);
    }
  }

  /**
   * One session, from its connections until something ends it.
   *
   * @return false when another process holds the read database
   */
  private boolean session() throws SQLException {
    List<ReadModel> models = ModelFiles.read(settings.models());
    try (Connection applying = SourceDatabase.open(readDatabase, "freshet-sync");
        Applier applier = new Applier(applying, models);
        SourceDatabase source = SourceDatabase.connect(primary)) {
      PositionStore positions = applier.positions();
      positions.install();
      if (!positions.tryLead()) {
        become(State.STANDBY, "Another process keeps this read database in step.");
        return false;
      }
      source.requireLogicalDecoding();
      Map<TableName, SourceTable> tables = tables(source, applier.tables());
      if (settings.views()) {
        new Views(source.db(), source.transactions()).install(models);
      }
      Slot slot = new Slot(source.db(), settings.slotName());
      PositionStore.Stored stored = positions.takeOver();
      String copyBecause = whyCopy(source, positions, slot, stored, shape(tables));
      int timeline = source.position().timeline();
      if (copyBecause.isEmpty()) {
        slot.publish(tables.keySet());
        applier.resume(tables.values(), stored);
        observer.accept(new Observation.Resumed(stored.position()));
        become(State.STREAMING, "");
      } else {
        become(State.SNAPSHOT, copyBecause);
        slot.drop(!stored.shape().isEmpty());
        slot.publish(tables.keySet());
        applier.beginCopy(
            tables.values(),
            SourceDatabase.systemIdentifier(source.db()),
            shape(tables),
            stored.epoch());
      }
      stream(source, slot, tables, applier, copyBecause.isEmpty(), timeline);
      return true;
    }
  }

  private static Map<TableName, SourceTable> tables(SourceDatabase source, Set<TableName> wanted) {
    Map<TableName, SourceTable> tables = new SourceCatalogue(source.db()).findAll(wanted);
    Set<TableName> missing = new TreeSet<>(wanted);
    missing.removeAll(tables.keySet());
    if (!missing.isEmpty()) {
      throw new IllegalStateException("The source has no table " + missing + " yet.");
    }
    return tables;
  }

  private static String shape(Map<TableName, SourceTable> tables) {
    return tables.values().stream()
        .map(SourceTable::shape)
        .sorted()
        .collect(Collectors.joining("\n"));
  }

  /** Why everything has to be copied anew; empty when the stored position can be gone on from. */
  private String whyCopy(
      SourceDatabase source,
      PositionStore positions,
      Slot slot,
      PositionStore.Stored stored,
      String shape) {
    String system = SourceDatabase.systemIdentifier(source.db());
    positions.requireOtherDatabaseThan(system, primary.database());
    if (!stored.systemIdentifier().isEmpty() && !stored.systemIdentifier().equals(system)) {
      throw new SyncRefused(
          "The read database holds the copy of another system than %s. Name the right --primary, or drop schema freshet there to start anew."
              .formatted(primary));
    }
    if (!stored.complete()) {
      return "First copy of the tables.";
    }
    if (!stored.shape().equals(shape)) {
      return "Other tables or columns are needed than were copied.";
    }
    return switch (slot.check(stored.position().lsn())) {
      case Slot.State.Usable ignored -> "";
      case Slot.State.Absent ignored ->
          "The replication slot %s is gone, and with it the changes since %s."
              .formatted(slot.name(), stored.position());
      case Slot.State.Lost ignored ->
          "The server gave up log that the slot %s still needed.".formatted(slot.name());
    };
  }

  /** Captures and applies until something ends it. */
  private void stream(
      SourceDatabase source,
      Slot slot,
      Map<TableName, SourceTable> tables,
      Applier applier,
      boolean resuming,
      int timeline)
      throws SQLException {
    try (Connection listening = SourceDatabase.open(readDatabase, "freshet-sync-wanted");
        ChangeCapture running =
            new ChangeCapture(
                primary,
                slot.name(),
                tables,
                resuming ? applier.applied().lsn() : null,
                listener(applier, timeline))) {
      capture = running;
      if (isClosed()) {
        return;
      }
      Pinger pinger =
          new Pinger(
              source,
              slot,
              listening,
              () -> applier.applied().lsn(),
              ping -> observer.accept(new Observation.Pinged(ping)),
              clock);
      AtomicReference<@Nullable Exception> pingerFailed = new AtomicReference<>();
      Thread pinging =
          Thread.ofVirtual().name("pinger").start(() -> ping(pinger, running, pingerFailed));
      try {
        running.run();
        Exception cause = pingerFailed.get();
        if (cause != null && !isClosed()) {
          throw new IllegalStateException(cause.getMessage(), cause);
        }
      } finally {
        capture = null;
        pinging.interrupt();
        pinging.join();
      }
    } catch (IOException e) {
      throw new IllegalStateException("The capture can't be closed: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Without pings an idle system would not be told apart from a stuck one: the session ends. */
  private static void ping(
      Pinger pinger, ChangeCapture running, AtomicReference<@Nullable Exception> failed) {
    try {
      pinger.run();
    } catch (SQLException | RuntimeException e) {
      failed.set(e);
      try {
        running.close();
      } catch (IOException | RuntimeException notClosed) {
        log.warn("The capture can't be closed", notClosed);
      }
    }
  }

  private CaptureListener listener(Applier applier, int timeline) {
    return new CaptureListener() {
      @Override
      public void copied(List<RowChange.Upsert> rows) {
        applier.copied(rows);
        observer.accept(new Observation.Copied(rows.size()));
      }

      @Override
      public void copyCompleted(Lsn at) {
        Position complete = new Position(timeline, at);
        applier.completeCopy(complete);
        observer.accept(new Observation.Resumed(complete));
        become(State.STREAMING, "");
      }

      @Override
      public void committed(List<SourceTransaction> transactions) {
        long started = System.nanoTime();
        applier.apply(transactions, timeline);
        observer.accept(
            new Observation.Applied(
                transactions,
                applier.applied(),
                Duration.ofNanos(System.nanoTime() - started),
                clock.instant()));
      }
    };
  }

  private void become(State state, String reason) {
    observer.accept(new Observation.Became(state, reason));
  }

  private boolean isClosed() {
    return closed.getCount() == 0;
  }

  private void await(Duration pause) {
    try {
      closed.await(pause.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closed.countDown();
    }
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    ChangeCapture running = capture;
    if (running != null) {
      running.close();
    }
    try {
      thread.join(STOP_TIMEOUT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
