package dev.freshet.sync;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.PostgresUrl;
import dev.freshet.protocol.TimelineHistory;
import dev.freshet.sync.apply.Applier;
import dev.freshet.sync.apply.ApplyFailed;
import dev.freshet.sync.apply.Mirror;
import dev.freshet.sync.apply.ModelStore;
import dev.freshet.sync.apply.PositionStore;
import dev.freshet.sync.apply.Sql;
import dev.freshet.sync.capture.CaptureListener;
import dev.freshet.sync.capture.ChangeCapture;
import dev.freshet.sync.capture.ClockWatch;
import dev.freshet.sync.capture.SourceTransaction;
import dev.freshet.sync.model.ModelFiles;
import dev.freshet.sync.model.ModelFiles.Declared;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.ConsistentSnapshot;
import dev.freshet.sync.source.Pinger;
import dev.freshet.sync.source.SchemaWatch;
import dev.freshet.sync.source.Slot;
import dev.freshet.sync.source.SourceCatalogue;
import dev.freshet.sync.source.SourceClock;
import dev.freshet.sync.source.SourceDatabase;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.Views;
import dev.freshet.sync.source.WatchedDatabases;
import dev.freshet.sync.status.Observation;
import dev.freshet.sync.status.Observation.SlotSeen;
import dev.freshet.sync.status.Observation.State;
import dev.freshet.sync.upkeep.Statistics;
import dev.freshet.sync.upkeep.TableCopy;
import dev.freshet.sync.upkeep.Upkeep;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One session: from its connections until something ends it.
 *
 * <p>It takes the lead, brings the mirrors into line with the tables, and then three go on beside
 * each other: the capture, whose transactions are applied as they come; the pinger; and the upkeep,
 * which copies tables and builds models.
 */
final class Session {

  private static final Logger log = LoggerFactory.getLogger(Session.class);

  private final SyncSettings settings;
  private final PostgresUrl primary;
  private final PostgresUrl readDatabase;
  private final Set<TableName> copyAnew;
  private final CopyBudget budget;
  private final Consumer<Observation> observer;
  private final Clock clock;

  private volatile @Nullable ChangeCapture capture;
  private volatile @Nullable Upkeep upkeep;
  private volatile @Nullable Applier streaming;
  private volatile boolean ended;

  /** How a session came to its end. */
  enum End {
    /** Another process holds the read database. */
    OTHER_LEADS,
    /** An operator paused it. */
    PAUSED,
    /** It was told to. */
    ENDED
  }

  /**
   * Prepares a session.
   *
   * @param primary the server that is the primary now
   * @param copyAnew tables whose mirrors can't be trusted
   * @param budget of copies of everything, over all sessions
   */
  Session(
      SyncSettings settings,
      PostgresUrl primary,
      Set<TableName> copyAnew,
      CopyBudget budget,
      Consumer<Observation> observer,
      Clock clock) {
    this.settings = settings;
    this.primary = primary;
    this.readDatabase = PostgresUrl.parse(settings.readDatabase());
    this.copyAnew = Set.copyOf(copyAnew);
    this.budget = budget;
    this.observer = observer;
    this.clock = clock;
  }

  /** Goes on until something ends it. */
  End run() throws SQLException {
    try (WatchedDatabases databases = new WatchedDatabases(primary, readDatabase, this::givenUp)) {
      return databases.use(() -> run(databases));
    }
  }

  private End run(WatchedDatabases databases) throws SQLException {
    Map<String, Declared> declared = ModelFiles.read(settings.models());
    try (Connection applying = databases.openToLead();
        Applier applier = new Applier(applying);
        SourceDatabase source = databases.connectToSource()) {
      PositionStore positions = applier.positions();
      if (!positions.tryLead()) {
        return End.OTHER_LEADS;
      }
      applier.install();
      PositionStore.Stored stored = positions.takeOver();
      if (stored.paused()) {
        Slot held = new Slot(source.db(), settings.slotName());
        observer.accept(SlotSeen.of(held, source.position().lsn(), clock.instant()));
        return End.PAUSED;
      }
      source.requireLogicalDecoding();
      positions.requireOtherDatabaseThan(
          SourceDatabase.systemIdentifier(source.db()), primary.database());
      SourceCatalogue catalogue = new SourceCatalogue(source);
      SessionPlan plan = plan(source, catalogue, applier, declared);
      Slot slot = new Slot(source.db(), settings.slotName());
      String copyBecause = whyCopy(source, slot, stored);
      if (!copyBecause.isEmpty()) {
        slot.requireFree(!stored.isNew());
      }
      SessionPlan possible = plan.onlyOf(slot.publish(plan.tables().keySet()), applier);
      Map<TableName, SourceTable> tables = possible.tables();
      if (copyBecause.isEmpty()) {
        slot.takeOver();
        resume(applier, stored, tables, possible);
      } else {
        if (stored.complete()) {
          budget.spend(copyBecause);
        }
        observer.accept(new Observation.Became(State.SNAPSHOT, copyBecause));
        slot.drop();
        copyAll(source, applier, tables, stored.epoch(), databases);
      }
      observer.accept(new Observation.Resumed(applier.applied()));
      observer.accept(new Observation.Became(State.STREAMING, ""));
      stream(source, slot, tables, applier, databases);
      return End.ENDED;
    }
  }

  /** Views are there for models that can't be kept, too: then nobody else answers for them. */
  private SessionPlan plan(
      SourceDatabase source,
      SourceCatalogue catalogue,
      Applier applier,
      Map<String, Declared> declared) {
    ModelViews views = new ModelViews(source, settings.views(), observer);
    try {
      SessionPlan plan = SessionPlan.of(catalogue, applier, readDatabase, declared);
      views.install(plan.viewable(declared));
      return plan;
    } catch (SyncRefused e) {
      try {
        views.installQuietly(SessionPlan.readable(declared.values()));
      } catch (RuntimeException failure) {
        e.addSuppressed(failure); // why nothing can start is what has to be said
      }
      throw e;
    }
  }

  /** Why everything has to be copied again; empty when the stored position can be gone on from. */
  private String whyCopy(SourceDatabase source, Slot slot, PositionStore.Stored stored)
      throws SQLException {
    String system = SourceDatabase.systemIdentifier(source.db());
    if (!stored.isNew() && !stored.systemIdentifier().equals(system)) {
      throw new SyncRefused(
          "The read database holds the copy of another system than %s. Name the right --primary, or drop schema freshet there to start over."
              .formatted(primary));
    }
    if (!stored.complete()) {
      return "First copy of the tables.";
    }
    int now = source.position().timeline();
    int then = stored.position().timeline();
    if (now < then) {
      throw new SyncRefused(
          "The source is on timeline %d, and %s of a later one was applied here: it is an old primary. Name the one that took over with --primary."
              .formatted(now, stored.position()));
    }
    if (now > then) {
      Optional<Lsn> left = TimelineHistory.ask(primary, now).end(then);
      if (left.isEmpty() || left.get().compareTo(stored.position().lsn()) < 0) {
        return "The primary was replaced by one that lacks changes up to %s, which had been applied here."
            .formatted(stored.position());
      }
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

  /** Brings the mirrors into line with the tables; what can't be altered is copied later. */
  private void resume(
      Applier applier,
      PositionStore.Stored stored,
      Map<TableName, SourceTable> tables,
      SessionPlan plan) {
    applier.resume(stored);
    Map<TableName, SourceTable> mirrored = applier.mirrorStore().all();
    applier.between(
        sql -> {
          mirrored.forEach(
              (name, earlier) -> {
                SourceTable table = tables.get(name);
                Optional<List<String>> alterations =
                    table == null || copyAnew.contains(name)
                        ? Optional.empty()
                        : table.alterationsSince(earlier);
                boolean follows =
                    table != null
                        && alterations.isPresent()
                        && applier.alter(table, alterations.get());
                if (!follows) {
                  applier.stopFollowing(name);
                }
              });
          plan.kept()
              .forEach(
                  (name, planned) -> {
                    boolean followed =
                        planned.tables().keySet().stream().allMatch(applier::isMirrored)
                            && applier.maintain(planned.plan());
                    if (followed) {
                      observer.accept(new Observation.ModelChanged(name, "live", ""));
                    } else {
                      applier.stop(
                          name, ModelStore.State.BUILDING, "A table that it reads was altered.");
                    }
                  });
        });
  }

  /** Copies all tables as they are at one position, where the slot's stream begins. */
  private void copyAll(
      SourceDatabase source,
      Applier applier,
      Map<TableName, SourceTable> tables,
      long epoch,
      WatchedDatabases databases)
      throws SQLException {
    applier.beginCopy(SourceDatabase.systemIdentifier(source.db()), epoch);
    int timeline = source.position().timeline();
    try (ConsistentSnapshot snapshot = databases.ofNewSlot(settings.slotName());
        Sql writing = new Sql(databases.openReadDatabase("freshet-sync-copy"))) {
      for (SourceTable table : tables.values()) {
        if (isCopied(snapshot, table, writing)) {
          applier.between(sql -> applier.startFollowing(table));
        }
      }
      applier.completeCopy(new Position(timeline, snapshot.at()));
    }
  }

  /**
   * A table that the read database can't have is left to the upkeep, which says so of its models.
   */
  private boolean isCopied(ConsistentSnapshot snapshot, SourceTable table, Sql writing)
      throws SQLException {
    try {
      TableCopy.fill(
          snapshot,
          new Mirror(table),
          writing,
          progress -> observer.accept(new Observation.Progressed(progress)));
      return true;
    } catch (ApplyFailed e) {
      return skipped(table, e);
    } catch (SQLException e) {
      return skipped(table, new ApplyFailed(e));
    }
  }

  private static boolean skipped(SourceTable table, ApplyFailed why) {
    if (!why.isByContent()) {
      throw why;
    }
    log.warn("Table {} can't be copied: {}", table.name(), why.getMessage());
    return false;
  }

  /** Captures and applies until something ends it. */
  private void stream(
      SourceDatabase source,
      Slot slot,
      Map<TableName, SourceTable> tables,
      Applier applier,
      WatchedDatabases databases)
      throws SQLException {
    int timeline = source.position().timeline();
    SourceClock sourceClock = new SourceClock(source);
    try (SourceDatabase watching = databases.connectToSource();
        SourceDatabase planning = databases.connectToSource();
        Connection listening = databases.openReadDatabase("freshet-sync-wanted");
        ChangeCapture running =
            new ChangeCapture(
                primary,
                slot.name(),
                tables,
                copyAnew,
                applier.applied().lsn(),
                listener(
                    applier,
                    new SchemaWatch(new SourceCatalogue(watching), tables),
                    timeline,
                    sourceClock))) {
      capture = running;
      if (ended) {
        return;
      }
      Pinger pinger =
          new Pinger(
              source,
              slot,
              listening,
              () -> applier.applied().lsn(),
              new SourceSights(applier, observer),
              sourceClock,
              clock);
      Upkeep keeping =
          new Upkeep(
              new Upkeep.Place(
                  databases,
                  settings.models(),
                  new Slot(planning.db(), slot.name()),
                  settings.views()),
              new SourceCatalogue(planning),
              new Views(planning.db(), planning.transactions()),
              applier,
              tables.keySet(),
              observer);
      upkeep = keeping;
      streaming = applier;
      Companions companions = new Companions(running);
      companions.start("pinger", pinger::run);
      companions.start("upkeep", keeping::run);
      companions.start("primary", new PrimaryWatch(settings, primary, timeline)::run);
      companions.start("clock", ClockWatch::run);
      companions.start("statistics", new Statistics(databases)::run);
      try {
        running.run();
      } finally {
        capture = null;
        upkeep = null;
        streaming = null;
        companions.end();
      }
      if (!ended) {
        companions.rethrow();
      }
    } catch (IOException e) {
      throw new IllegalStateException("The capture can't be closed: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private CaptureListener listener(
      Applier applier, SchemaWatch watch, int timeline, SourceClock sourceClock) {
    return (List<SourceTransaction> transactions) -> {
      watch.check();
      long started = System.nanoTime();
      applier.apply(transactions, timeline);
      observer.accept(
          new Observation.Applied(
              transactions,
              applier.applied(),
              Duration.ofNanos(System.nanoTime() - started),
              sourceClock.now(),
              applier.letters(),
              applier.followed()));
    };
  }

  /** Asks for a model to be rebuilt; false when nothing is streamed now. */
  boolean wish(String model) {
    Upkeep keeping = upkeep;
    return keeping != null && keeping.wish(model);
  }

  /** What applies now; empty when nothing is streamed. */
  Optional<Applier> applier() {
    return Optional.ofNullable(streaming);
  }

  /** Ends it; {@link #run} returns soon. */
  void end() throws IOException {
    ended = true;
    stopCapture();
  }

  private void stopCapture() throws IOException {
    ChangeCapture running = capture;
    if (running != null) {
      running.close();
    }
  }

  /** Said at once: what waits for the silent one may take a while to end. */
  private void givenUp(String silence) {
    observer.accept(new Observation.Became(State.RETRYING, silence));
    try {
      stopCapture();
    } catch (IOException e) {
      log.warn("The capture can't be closed", e);
    }
  }
}
