package dev.freshet.sync;

import dev.freshet.protocol.NotConnected;
import dev.freshet.protocol.PostgresUrl;
import dev.freshet.runtime.PrimaryFinder;
import dev.freshet.sync.apply.Applier;
import dev.freshet.sync.apply.DeadLetters;
import dev.freshet.sync.apply.ModelStore;
import dev.freshet.sync.apply.PositionStore;
import dev.freshet.sync.capture.UnclearColumns;
import dev.freshet.sync.control.Operations;
import dev.freshet.sync.inference.ModelPlan;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SessionOver;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceDatabase;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.status.Observation;
import dev.freshet.sync.status.Observation.State;
import dev.freshet.sync.verify.Difference;
import dev.freshet.sync.verify.Verification;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final Duration LONG_SESSION = Duration.ofSeconds(10);
  private static final Duration STANDBY_PAUSE = Duration.ofMillis(500);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(20);

  private final SyncSettings settings;
  private final PostgresUrl readDatabase;
  private final Consumer<Observation> observer;
  private final Clock clock;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run, "synchronizer");
  private final SlotWatch slotWatch;

  private volatile @Nullable Session session;

  Synchronizer(SyncSettings settings, Consumer<Observation> observer, Clock clock) {
    this.settings = settings;
    this.readDatabase = PostgresUrl.parse(settings.readDatabase());
    this.slotWatch = new SlotWatch(this::primary, settings.slotName(), observer, clock);
    this.observer = observer.andThen(slotWatch);
    this.clock = clock;
  }

  void start() {
    slotWatch.start();
    thread.start();
  }

  private void run() {
    Duration pause = FIRST_PAUSE;
    Set<TableName> copyAnew = new HashSet<>();
    CopyBudget budget = new CopyBudget(clock);
    @Nullable TableName unclear = null;
    boolean again = false;
    while (!isClosed()) {
      long started = System.nanoTime();
      try {
        Session running = new Session(settings, primary(), copyAnew, budget, observer, clock);
        session = running;
        copyAnew.clear();
        pause =
            switch (running.run()) {
              case OTHER_LEADS -> {
                become(State.STANDBY, "Another process keeps this read database in step.");
                yield STANDBY_PAUSE;
              }
              case PAUSED -> {
                become(State.PAUSED, "Paused by an operator; the slot holds the log back.");
                yield STANDBY_PAUSE;
              }
              case ENDED -> FIRST_PAUSE;
            };
        unclear = null;
        again = false;
      } catch (SessionOver e) {
        log.info("{} A new session sees to it.", e.getMessage());
        if (e instanceof UnclearColumns now) {
          // Once, the session may not have known of an alteration; twice, nobody can tell.
          if (now.table().equals(unclear)) {
            copyAnew.add(now.table());
          }
          unclear = now.table();
        }
        boolean lasted = System.nanoTime() - started > LONG_SESSION.toNanos();
        pause = again && !lasted ? longer(pause) : Duration.ZERO;
        again = true;
      } catch (SyncRefused e) {
        unclear = null;
        become(State.REFUSED, String.valueOf(e.getMessage()));
        pause = LONGEST_PAUSE;
      } catch (SQLException | RuntimeException e) {
        if (!isClosed()) {
          log.debug("The session ended", e);
          become(State.RETRYING, String.valueOf(e.getMessage()));
        }
        pause = longer(pause);
      }
      await(pause);
    }
  }

  /** The server of the source's URL that is the primary now; of one server that one. */
  private PostgresUrl primary() {
    PostgresUrl url = PostgresUrl.parse(settings.primary());
    if (url.servers().size() == 1) {
      return url;
    }
    try {
      return PrimaryFinder.findOnce(url).url();
    } catch (NotConnected e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static Duration longer(Duration pause) {
    Duration longer = pause.isZero() ? FIRST_PAUSE : pause.multipliedBy(2);
    return longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
  }

  /** Ends the session, so that the next one sees what was changed. */
  void startAnew() throws IOException {
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
    try (Connection connection = SourceDatabase.open(readDatabase, "freshet-sync-control")) {
      new PositionStore(JdbcClient.create(new SingleConnectionDataSource(connection, true)))
          .setPaused(paused);
      startAnew();
    } catch (IOException e) {
      throw new IllegalStateException("The session can't be ended: " + e.getMessage(), e);
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
            sql ->
                streaming().modelStore().all().stream()
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
    Verification verification = new Verification(primary(), readDatabase, settings.slotName());
    if (!withSource) {
      return Optional.of(List.of(verification.ofModel(declared)));
    }
    Applier applier = streaming();
    Set<TableName> tables = ModelPlan.tables(declared);
    List<SourceTable> mirrored =
        applier.askBetween(
            sql ->
                applier.mirrorStore().all().values().stream()
                    .filter(table -> tables.contains(table.name()))
                    .toList());
    return Optional.of(verification.ofSource(applier, mirrored, List.of(declared)));
  }

  @Override
  public List<DeadLetters.Letter> deadLetters() {
    Applier applier = streaming();
    return applier.askBetween(sql -> applier.deadLetters().all());
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
    slotWatch.close();
    startAnew();
    try {
      if (!thread.join(STOP_TIMEOUT)) {
        log.warn(
            "The session has not ended within {} s, and is left behind: it may hold the read"
                + " database until this process ends. Its thread stands at {}",
            STOP_TIMEOUT.toSeconds(),
            Arrays.toString(thread.getStackTrace()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
