package dev.freshet.sync;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.sync.apply.Applier;
import dev.freshet.sync.apply.ModelStore;
import dev.freshet.sync.apply.PositionStore;
import dev.freshet.sync.apply.Registry;
import dev.freshet.sync.apply.Stores;
import dev.freshet.sync.apply.UserFunctions;
import dev.freshet.sync.apply.UserTypes;
import dev.freshet.sync.connection.WatchedDatabase;
import dev.freshet.sync.delta.DeltaListener;
import dev.freshet.sync.model.EndSession;
import dev.freshet.sync.model.ModelFiles;
import dev.freshet.sync.model.ModelFiles.Declared;
import dev.freshet.sync.model.SessionEnd;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Capture;
import dev.freshet.sync.source.CaptureRequest;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.ChangeSources;
import dev.freshet.sync.source.Continuation;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.TransactionListener;
import dev.freshet.sync.source.UserFunction;
import dev.freshet.sync.source.UserType;
import dev.freshet.sync.status.Observation;
import dev.freshet.sync.status.Observation.State;
import dev.freshet.sync.task.BackgroundTasks;
import dev.freshet.sync.upkeep.Statistics;
import dev.freshet.sync.upkeep.Upkeep;
import dev.freshet.sync.verify.Difference;
import dev.freshet.sync.verify.Verification;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One session: from its connections until something ends it.
 *
 * <p>It takes the lead of the read database, decides how to go on, starts (from where the read
 * database is, or with a copy of everything), and applies what the source's capture hands over.
 * Beside that, the upkeep copies tables and builds models.
 */
final class Session {

  private final SyncSettings settings;
  private final SourceAccess access;
  private final Verification verification;
  private final Set<TableName> copyAgain;
  private final CopyBudget budget;
  private final Consumer<Observation> observer;
  private final List<DeltaListener> listeners;
  private final Clock clock;

  private volatile @Nullable Capture capture;
  private volatile @Nullable Upkeep upkeep;
  private volatile @Nullable Applier streaming;
  private volatile boolean ended;

  /** Which database does not answer any more; null while both do. */
  private volatile @Nullable String silence;

  /**
   * Prepares a session.
   *
   * @param access gives the source
   * @param verification compares with the source
   * @param copyAgain tables whose mirrors can't be trusted
   * @param budget of copies of everything, over all sessions
   * @param listeners are told what changes in the models once it streams
   */
  Session(
      SyncSettings settings,
      SourceAccess access,
      Verification verification,
      Set<TableName> copyAgain,
      CopyBudget budget,
      Consumer<Observation> observer,
      List<DeltaListener> listeners,
      Clock clock) {
    this.settings = settings;
    this.access = access;
    this.verification = verification;
    this.copyAgain = Set.copyOf(copyAgain);
    this.budget = budget;
    this.observer = observer;
    this.listeners = List.copyOf(listeners);
    this.clock = clock;
  }

  /**
   * Goes on until something ends it.
   *
   * @return how it ended, where that was foreseen
   * @throws EndSession when a part of it found that it can't go on
   * @throws SyncRefused when it must not go on
   */
  SessionEnd run() throws SQLException {
    PostgresUrl url = PostgresUrl.parse(settings.readDatabase());
    try (WatchedDatabase readDatabase = new WatchedDatabase("read database", url, this::givenUp);
        ChangeSources sources = access.open(this::givenUp)) {
      return lead(sources, readDatabase);
    } catch (EndSession | SyncRefused e) {
      throw e;
    } catch (SQLException | RuntimeException e) {
      String why = silence;
      if (why != null) {
        throw new IllegalStateException(why, e);
      }
      throw e;
    }
  }

  private SessionEnd lead(ChangeSources sources, WatchedDatabase readDatabase) throws SQLException {
    Map<String, Declared> declared = ModelFiles.read(settings.models());
    try (Stores stores = Stores.on(readDatabase.openToLead());
        ChangeSource source = sources.connect()) {
      PositionStore positions = stores.positions();
      if (!positions.tryLead()) {
        return new SessionEnd.OtherLeads();
      }
      stores.install();
      Set<String> sortedOtherwise = stores.collations().follow();
      if (!sortedOtherwise.isEmpty()) {
        observer.accept(new Observation.IndexesMadeAgain(sortedOtherwise));
      }
      PositionStore.Stored stored = positions.takeOver();
      if (stored.paused()) {
        observer.accept(
            new Observation.SlotSeen(source.claim().orElse(null), source.place(), clock.instant()));
        return new SessionEnd.Paused();
      }
      positions.requireOtherDatabaseThan(source.origin());
      try (Applier applier = new Applier(stores, stored)) {
        SessionPlan plan = start(source, applier, stored, declared, readDatabase);
        listeners.forEach(applier::listen);
        observer.accept(new Observation.Resumed(applier.applied()));
        observer.accept(new Observation.Became(State.STREAMING, ""));
        stream(source, sources, applier, plan, readDatabase);
        return new SessionEnd.Stopped();
      }
    }
  }

  /**
   * Brings the read database to where the capture goes on from.
   *
   * @return what is captured
   */
  private SessionPlan start(
      ChangeSource source,
      Applier applier,
      PositionStore.Stored stored,
      Map<String, Declared> declared,
      WatchedDatabase readDatabase)
      throws SQLException {
    Continuation continuation = continuation(source, stored, declared);
    SessionPlan wanted = plan(source, applier, declared, readDatabase);
    SessionPlan plan = wanted.onlyOf(source.publish(wanted.tables().keySet()), applier);
    Map<TableName, SourceTable> tables = plan.tables();
    switch (continuation) {
      case Continuation.GoOn() -> {
        applier.resume();
        Set<TableName> interrupted = source.interrupted(applier.applied());
        applier.between(kept -> goOn(kept, applier.applied(), interrupted, tables, plan));
      }
      case Continuation.CopyAll(String because) -> {
        if (stored.complete()) {
          budget.spend(because);
        }
        observer.accept(new Observation.Became(State.SNAPSHOT, because));
        new FirstCopy(source, readDatabase, applier, observer).run(tables.values());
      }
    }
    applier.store(source.history());
    return plan;
  }

  /** What tables and models mean is to be asked where the copy goes on. */
  private Continuation continuation(
      ChangeSource source, PositionStore.Stored stored, Map<String, Declared> declared) {
    try {
      return source.continuation(stored.held());
    } catch (SyncRefused e) {
      installViewsQuietly(source, declared, e);
      throw e;
    }
  }

  /** Views are there for models that can't be kept, too: then nobody else answers for them. */
  private SessionPlan plan(
      ChangeSource source,
      Applier applier,
      Map<String, Declared> declared,
      WatchedDatabase readDatabase) {
    try {
      SessionPlan plan = SessionPlan.of(source.schema(), applier, readDatabase, declared);
      new SessionViews(source, settings.views(), observer).install(plan.viewable(declared));
      return plan;
    } catch (SyncRefused e) {
      installViewsQuietly(source, declared, e);
      throw e;
    }
  }

  private void installViewsQuietly(
      ChangeSource source, Map<String, Declared> declared, SyncRefused refusal) {
    try {
      new SessionViews(source, settings.views(), observer)
          .installQuietly(SessionPlan.readable(declared.values()));
    } catch (RuntimeException failure) {
      refusal.addSuppressed(failure); // why nothing can start is what has to be said
    }
  }

  /** Brings the mirrors into line with the tables; what can't be altered is copied later. */
  private void goOn(
      Registry kept,
      Place applied,
      Set<TableName> interrupted,
      Map<TableName, SourceTable> tables,
      SessionPlan plan) {
    Set<TableName> otherColumns = new HashSet<>();
    kept.storedMirrors()
        .forEach(
            (name, earlier) -> {
              SourceTable table = tables.get(name);
              if (table != null && table.hasOtherColumnsThan(earlier)) {
                otherColumns.add(name);
              }
              if (table == null) {
                kept.unfollow(name);
              } else if (copyAgain.contains(name)
                  || interrupted.contains(name)
                  || !kept.follow(table, earlier, applied)) {
                kept.unfollowForNow(name);
              }
            });
    plan.kept()
        .forEach(
            (name, planned) -> {
              if (!Collections.disjoint(planned.tables().keySet(), otherColumns)) {
                kept.stop(
                    name, ModelStore.State.BUILDING, "A column that it reads is another one.");
              } else if (kept.maintain(planned.plan(), planned.tables().keySet())) {
                observer.accept(new Observation.ModelChanged(name, "live", ""));
              }
            });
  }

  /** Captures and applies until something ends it. */
  private void stream(
      ChangeSource source,
      ChangeSources sources,
      Applier applier,
      SessionPlan plan,
      WatchedDatabase readDatabase)
      throws SQLException {
    Map<TableName, SourceTable> tables = plan.tables();
    Set<String> definitions = plan.definitions();
    CaptureRequest request =
        new CaptureRequest(
            tables,
            definitions,
            copyAgain,
            Set.of(),
            applier::applied,
            applying(applier, source),
            new SourceSights(applier, observer));
    try (Capture running = source.capture(request);
        ChangeSource ofUpkeep = sources.connect();
        Connection listening = readDatabase.open("freshet-sync-wanted")) {
      Upkeep keeping =
          new Upkeep(
              new Upkeep.Setting(
                  ofUpkeep,
                  readDatabase,
                  settings.models(),
                  settings.views(),
                  tables.keySet(),
                  source::wish,
                  definitions),
              applier,
              compared -> differing(applier, compared),
              observer);
      requireDefinedAsPlanned(source, applier, plan, definitions);
      BackgroundTasks beside = new BackgroundTasks(running::close);
      capture = running;
      if (ended) {
        return;
      }
      upkeep = keeping;
      streaming = applier;
      beside.start("upkeep", keeping::run);
      beside.start("statistics", new Statistics(readDatabase, applier::applied)::run);
      beside.start("wishes", new Wishes(listening, source, applier.applied().epoch())::run);
      try {
        running.run();
      } finally {
        capture = null;
        upkeep = null;
        streaming = null;
        beside.end();
      }
      if (!ended) {
        beside.rethrow();
      }
    }
  }

  /** From when it was made on, the capture notices by itself that something is altered. */
  private static void requireDefinedAsPlanned(
      ChangeSource source, Applier applier, SessionPlan plan, Set<String> definitions) {
    Set<Long> oids =
        plan.tables().values().stream().map(SourceTable::oid).collect(Collectors.toSet());
    List<UserType> types = source.schema().userTypes(oids);
    List<UserFunction> now = source.schema().functions(definitions);
    boolean isAltered =
        applier.askBetween(
            kept ->
                UserTypes.haveToBeMadeAgain(kept.sql(), types)
                    || UserFunctions.haveChanged(kept.sql(), now));
    isAltered |= !Set.copyOf(source.schema().views(definitions)).containsAll(plan.views());
    if (isAltered) {
      throw EndSession.outdated("A type, a function or a view was altered.");
    }
  }

  private Set<TableName> differing(Applier applier, Collection<SourceTable> tables)
      throws SQLException, TimeoutException {
    if (!verification.hasPrimary()) {
      return Set.of(); // what is doubted has to be believed
    }
    Map<String, TableName> byName = new HashMap<>();
    tables.forEach(table -> byName.put(table.name().toString(), table.name()));
    return verification.ofSource(applier, tables, List.of()).stream()
        .filter(Difference::isOne)
        .map(difference -> byName.get(difference.what()))
        .collect(Collectors.toSet());
  }

  private TransactionListener applying(Applier applier, ChangeSource source) {
    return transactions -> {
      long started = System.nanoTime();
      applier.apply(transactions);
      observer.accept(
          new Observation.Applied(
              transactions,
              applier.applied(),
              Duration.ofNanos(System.nanoTime() - started),
              source.now(),
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
  void end() {
    ended = true;
    stopCapture();
  }

  private void stopCapture() {
    Capture running = capture;
    if (running != null) {
      running.close();
    }
  }

  /** Told at once: what waits for the silent one may take a while to end. */
  private void givenUp(String why) {
    silence = why;
    observer.accept(new Observation.Became(State.RETRYING, why));
    stopCapture();
  }
}
