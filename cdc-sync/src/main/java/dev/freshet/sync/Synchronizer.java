package dev.freshet.sync;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.sync.apply.Applier;
import dev.freshet.sync.apply.DeadLetters;
import dev.freshet.sync.apply.ModelStore;
import dev.freshet.sync.apply.PositionStore;
import dev.freshet.sync.connection.Connections;
import dev.freshet.sync.control.Operations;
import dev.freshet.sync.delta.DeltaListener;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SessionEnd;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.status.Observation;
import dev.freshet.sync.status.Observation.State;
import dev.freshet.sync.verify.Difference;
import dev.freshet.sync.verify.Verification;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * Keeps one read database in step, session by session: whatever fails ends the session, and the
 * next one goes on from what was applied.
 */
final class Synchronizer implements Operations, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Synchronizer.class);

  private final SyncSettings settings;
  private final SourceAccess source;
  private final PostgresUrl readDatabase;
  private final Consumer<Observation> observer;
  private final List<DeltaListener> listeners;
  private final Clock clock;
  private final CopyBudget budget;
  private final SessionLoop sessions =
      new SessionLoop("synchronizer", this::runSession, this::tell, this::endSession);

  /** Null where there is no slot. */
  private final @Nullable SlotWatch slotWatch;

  private volatile @Nullable Session session;

  /**
   * Prepares.
   *
   * @param listeners are told what changes in the models
   */
  Synchronizer(
      SyncSettings settings,
      SourceAccess source,
      Consumer<Observation> observer,
      List<DeltaListener> listeners,
      Clock clock) {
    this.settings = settings;
    this.readDatabase = PostgresUrl.parse(settings.readDatabase());
    this.source = source;
    this.budget = new CopyBudget(clock);
    this.slotWatch =
        source instanceof SourceAccess.OfPrimary primary
            ? new SlotWatch(primary::now, primary.slot(), observer, clock)
            : null;
    this.observer = slotWatch == null ? observer : observer.andThen(slotWatch);
    this.listeners = List.copyOf(listeners);
    this.clock = clock;
  }

  void start() {
    if (slotWatch != null) {
      slotWatch.start();
    }
    sessions.start();
  }

  private SessionEnd runSession(Set<TableName> copyAgain) throws SQLException {
    Session running =
        new Session(
            settings,
            source,
            new Verification(source::primary, readDatabase, settings.slotName()),
            copyAgain,
            budget,
            observer,
            listeners,
            clock);
    session = running;
    return running.run();
  }

  private void tell(SessionEnd end) {
    switch (end) {
      case SessionEnd.Stopped ignored -> log.debug("The session was stopped");
      case SessionEnd.OtherLeads ignored ->
          become(State.STANDBY, "Another process keeps this read database in step.");
      case SessionEnd.Paused ignored ->
          become(State.PAUSED, "Paused by an operator; what comes meanwhile is kept for it.");
      case SessionEnd.Outdated(String why) -> log.info("{} A new session begins.", why);
      case SessionEnd.UnclearColumns(TableName table) ->
          log.info("Table {} has other columns than were known. A new session begins.", table);
      case SessionEnd.CopiesDiffer(Set<TableName> tables) ->
          log.warn("The copies of {} differ from the source. Copying these tables again.", tables);
      case SessionEnd.Refused(String reason) -> become(State.REFUSED, reason);
      case SessionEnd.Failed(Exception cause) -> {
        if (!sessions.isClosed()) {
          log.debug("The session ended", cause);
          become(State.RETRYING, String.valueOf(cause.getMessage()));
        }
      }
    }
  }

  /** Ends the session, so that the next one sees what was changed. */
  void endSession() {
    Session running = session;
    if (running != null) {
      running.end();
    }
  }

  @Override
  public void pause() throws SQLException {
    setPaused(true);
  }

  @Override
  public void resume() throws SQLException {
    setPaused(false);
  }

  private void setPaused(boolean paused) throws SQLException {
    try (Connection connection = Connections.open(readDatabase, "freshet-sync-control")) {
      new PositionStore(JdbcClient.create(new SingleConnectionDataSource(connection, true)))
          .setPaused(paused);
      endSession();
    }
  }

  @Override
  public boolean rebuild(String model) {
    Session running = session;
    if (running == null || stored(model).isEmpty()) {
      return false;
    }
    if (!running.wish(model)) {
      throw new NotStreaming();
    }
    return true;
  }

  private Optional<ModelStore.Stored> stored(String model) {
    return streaming()
        .askBetween(
            kept ->
                kept.models().all().stream()
                    .filter(stored -> stored.name().equals(model))
                    .findFirst());
  }

  private Applier streaming() {
    Session running = session;
    return Optional.ofNullable(running).flatMap(Session::applier).orElseThrow(NotStreaming::new);
  }

  @Override
  public Optional<List<Difference>> verify(String model, boolean withSource)
      throws SQLException, TimeoutException {
    Optional<ModelStore.Stored> stored = stored(model);
    if (stored.isEmpty()) {
      return Optional.empty();
    }
    if (!stored.get().state().isKept()) {
      throw new NotKept(
          model,
          stored.get().state().name().toLowerCase(Locale.ROOT),
          String.valueOf(stored.get().reason()));
    }
    ReadModel declared = stored.get().declared().model();
    Verification verification =
        new Verification(source::primary, readDatabase, settings.slotName());
    if (!withSource) {
      return Optional.of(List.of(verification.ofModel(declared, planned(declared))));
    }
    Applier applier = streaming();
    List<SourceTable> mirrored =
        applier.askBetween(
            kept -> {
              Set<TableName> tables = kept.tablesOf(model);
              return kept.storedMirrors().values().stream()
                  .filter(table -> tables.contains(table.name()))
                  .toList();
            });
    return Optional.of(verification.ofSource(applier, mirrored, List.of(declared)));
  }

  /** A model's SELECT without what only the source has, such as views. */
  private String planned(ReadModel model) {
    return Optional.ofNullable(session)
        .flatMap(Session::applier)
        .flatMap(applier -> applier.askBetween(kept -> kept.selectOf(model.name())))
        .orElse(model.select());
  }

  @Override
  public List<DeadLetters.Letter> deadLetters() throws SQLException {
    streaming();
    // On a connection of its own: a long batch keeps nobody from looking.
    try (Connection connection = Connections.open(readDatabase, "freshet-sync-control")) {
      return DeadLetters.on(connection).all();
    }
  }

  @Override
  public Optional<String> retry(long id) {
    return streaming().retry(id);
  }

  @Override
  public Optional<String> discard(long id) {
    return streaming().discard(id);
  }

  private void become(State state, String reason) {
    observer.accept(new Observation.Became(state, reason));
  }

  @Override
  public void close() {
    if (slotWatch != null) {
      slotWatch.close();
    }
    sessions.close();
  }
}
