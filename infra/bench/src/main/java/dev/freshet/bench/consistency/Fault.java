package dev.freshet.bench.consistency;

import static dev.freshet.bench.consistency.Servers.await;
import static dev.freshet.bench.consistency.Servers.query;
import static dev.freshet.bench.consistency.Servers.run;

import dev.freshet.broker.BrokerNode;
import dev.freshet.cluster.PostgresServer;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * Something that goes wrong while clients go on, and is right again at its end.
 *
 * @param name as the report has it
 * @param wiring of the systems that it can happen to
 */
public record Fault(String name, Course course, WholeSystem.Wiring wiring) {

  /** One that can happen to any system. */
  Fault(String name, Course course) {
    this(name, course, WholeSystem.Wiring.DIRECT);
  }

  /** What happens. */
  @FunctionalInterface
  interface Course {

    /** From the beginning of the fault to its end. */
    void run(Stage stage) throws Exception;
  }

  /**
   * Where it happens.
   *
   * @param lasting how long what is wrong stays so
   */
  record Stage(WholeSystem system, List<Client> clients, Ledger ledger, Duration lasting) {

    void idle(boolean now) {
      clients.forEach(client -> client.idle(now));
    }
  }

  /** What is counted when the log's end was brought to the place. */
  static final String AT_BOUNDARY = "idle just past a page's header";

  private static final Duration AN_HOUR = Duration.ofHours(1);
  private static final Duration CLOCK_SEEN_WITHIN = Duration.ofSeconds(1);
  private static final double LARGEST_LAG_SECONDS = 60;
  private static final int BEHIND_MILLIS = 40;
  private static final int PAGE_BYTES = 8192;
  private static final int SHORT_HEADER_BYTES = 24;

  /** Nothing at all. */
  public static final Fault NONE = new Fault("nothing", stage -> sleep(stage.lasting()));

  /** What is replayed on one replica stands still. */
  public static final Fault REPLAY_PAUSED =
      new Fault("replay paused on one replica", Fault::pauseReplay);

  /** Nobody writes, at a place in the log that no copy ever reports. */
  public static final Fault IDLE_AT_BOUNDARY =
      new Fault("idle primary at a page's boundary", Fault::idleAtBoundary);

  /** Nothing is applied to the read database. */
  public static final Fault SYNC_PAUSED = new Fault("sync paused", Fault::pauseSync);

  /** The replicas are behind, each as far as a read still waits for; the read database further. */
  public static final Fault COPIES_BEHIND = new Fault("all copies behind", Fault::delay);

  /**
   * Nothing is applied to the read database, and only one client writes: the others see what it
   * wrote on other copies, and must not go back to the stale one.
   */
  public static final Fault ONE_WRITER =
      new Fault("sync paused while one client writes", Fault::pauseSyncBesideOneWriter);

  /** The clocks of all parts are set an hour ahead, then an hour back; at last nobody writes. */
  public static final Fault CLOCKS_SET =
      new Fault("clocks set ahead and back", Fault::setClocks, WholeSystem.Wiring.FRAGILE);

  /** Those that leave the primary where it is. */
  static final List<Fault> PASSING =
      List.of(
          REPLAY_PAUSED,
          new Fault("log no longer received by one replica", Fault::cutReceiver),
          new Fault("recovery conflicts on one replica", Fault::conflict),
          new Fault("sync killed, and the primary idle at a page's boundary", Fault::killSync),
          SYNC_PAUSED,
          ONE_WRITER,
          COPIES_BEHIND,
          new Fault(
              "reader of a replica killed",
              stage -> stage.system().part("replica-1").killAndStart()),
          new Fault("gateway killed", stage -> stage.system().part("gateway").killAndStart()),
          new Fault("keys rotated", Fault::rotateKeys),
          IDLE_AT_BOUNDARY);

  /** Those of the way through a log. */
  static final List<Fault> OF_LOG =
      List.of(
          new Fault("publisher killed", stage -> stage.system().part("publisher").killAndStart()),
          new Fault("publisher paused", Fault::haltPublisher),
          new Fault("broker killed", Fault::killBroker),
          new Fault(
              "sync of the second read database killed",
              stage -> stage.system().part("sync-2").killAndStart()));

  /** Those of the way on to a search store. */
  static final List<Fault> OF_STORE =
      List.of(
          storeKilled(1),
          new Fault("follower killed", stage -> stage.system().part("follower").killAndStart()),
          new Fault("search store read-only", StoreFaults::makeReadOnly),
          new Fault("model rebuilt, in the search store too", StoreFaults::rebuild));

  /** The first replica takes over when it has everything. */
  public static final Fault CLEAN_PROMOTION = new Fault("clean promotion", Fault::promoteCleanly);

  /** The first replica takes over without the last writes, and the old primary comes back. */
  public static final Fault LOSSY_PROMOTION =
      new Fault("promotion that loses writes, and the old primary back", Fault::promoteWithLoss);

  /** The first replica takes over without the last writes, and the old primary never went. */
  public static final Fault PROMOTION_BESIDE =
      new Fault(
          "promotion that loses writes, beside a living primary",
          Fault::promoteBesideLivingPrimary);

  /** The ways to be replaced, one a round. */
  static final List<Fault> PROMOTIONS = List.of(LOSSY_PROMOTION, CLEAN_PROMOTION, PROMOTION_BESIDE);

  /** The search store is killed while it writes, so often, and comes back. */
  public static Fault storeKilled(int times) {
    return new Fault(
        "search store killed in mid-bulk, %d times".formatted(times),
        stage -> {
          for (int i = 0; i < times; i++) {
            StoreFaults.kill(stage);
          }
        });
  }

  private static void haltPublisher(Stage stage) throws Exception {
    PartProcess publisher = stage.system().part("publisher");
    publisher.halt();
    try {
      sleep(stage.lasting());
    } finally {
      publisher.goesOn();
    }
  }

  private static void killBroker(Stage stage) {
    BrokerNode broker = stage.system().kept().broker().orElseThrow();
    broker.kill();
    sleep(stage.lasting().dividedBy(2));
    broker.startAgain();
  }

  static void sleep(Duration lasting) {
    LockSupport.parkNanos(lasting.toNanos());
  }

  private static void pauseReplay(Stage stage) throws Exception {
    PostgresServer replica = stage.system().replica(1);
    run(replica, "select pg_wal_replay_pause()");
    try {
      sleep(stage.lasting());
    } finally {
      run(replica, "select pg_wal_replay_resume()");
    }
  }

  private static void cutReceiver(Stage stage) throws Exception {
    PostgresServer replica = stage.system().replica(2);
    run(replica, "alter system set primary_conninfo = ''", "select pg_reload_conf()");
    try {
      sleep(stage.lasting());
    } finally {
      run(replica, "alter system reset primary_conninfo", "select pg_reload_conf()");
    }
  }

  /** An exclusive lock on the primary ends queries on a replica that stand in its way. */
  private static void conflict(Stage stage) throws Exception {
    PostgresServer replica = stage.system().replica(1);
    run(
        replica,
        "alter system set max_standby_streaming_delay = '100ms'",
        "select pg_reload_conf()");
    long end = System.nanoTime() + stage.lasting().toNanos();
    while (System.nanoTime() < end) {
      try (Connection primary = stage.system().primary().connect();
          Statement statement = primary.createStatement()) {
        primary.setAutoCommit(false);
        statement.execute("lock table orders in access exclusive mode");
        sleep(Duration.ofMillis(150));
        primary.commit();
      }
      sleep(Duration.ofMillis(200));
    }
    run(replica, "alter system reset max_standby_streaming_delay", "select pg_reload_conf()");
  }

  private static void pauseSync(Stage stage) throws Exception {
    await(
        "the sync is paused",
        () ->
            stage.system().sync("POST", "/api/sync/pause") != null
                && stage.system().sync("GET", "/api/sync").contains("\"state\":\"paused\""));
    sleep(stage.lasting());
    stage.system().sync("POST", "/api/sync/resume");
  }

  private static void pauseSyncBesideOneWriter(Stage stage) throws Exception {
    stage.clients().stream().skip(1).forEach(client -> client.idle(true));
    try {
      pauseSync(stage);
    } finally {
      stage.idle(false);
    }
  }

  /** The second less than the first: a read that comes later may be of a copy further behind. */
  private static void delay(Stage stage) throws Exception {
    for (int replica = 1; replica <= 2; replica++) {
      run(
          stage.system().replica(replica),
          "alter system set recovery_min_apply_delay = '%dms'"
              .formatted((3 - replica) * BEHIND_MILLIS),
          "select pg_reload_conf()");
    }
    try {
      pauseSync(stage);
    } finally {
      for (int replica = 1; replica <= 2; replica++) {
        run(
            stage.system().replica(replica),
            "alter system reset recovery_min_apply_delay",
            "select pg_reload_conf()");
      }
    }
  }

  private static void setClocks(Stage stage) throws Exception {
    for (Duration ahead : List.of(AN_HOUR, AN_HOUR.negated(), Duration.ZERO, AN_HOUR.negated())) {
      for (PartProcess part : stage.system().parts().values()) {
        part.clock()
            .orElseThrow(() -> new IllegalStateException("Clocks can't be set here"))
            .set(ahead);
      }
      sleep(CLOCK_SEEN_WITHIN.plus(stage.lasting()));
    }
    idle(stage, stage.system().copyReaders());
    for (String part : List.of("gateway", "sync")) {
      double lag = new Readiness(stage.system()).lagSeconds(part);
      if (lag > LARGEST_LAG_SECONDS) {
        stage
            .ledger()
            .suspect(
                Ledger.Promise.IDLE_COPIES_CATCH_UP,
                Optional.empty(),
                "%s tells a lag of %.0f s after clocks were set".formatted(part, lag));
      }
    }
  }

  private static void rotateKeys(Stage stage) throws Exception {
    stage.system().newSessionKey();
    sleep(stage.lasting().dividedBy(2));
    // The first of all is not accepted any more: its tokens are answered strong, and renewed.
    stage.system().newSessionKey();
    sleep(stage.lasting().dividedBy(2));
  }

  /** Nobody pings: the replicas have to be found there all the same. */
  private static void killSync(Stage stage) throws Exception {
    stage.system().part("sync").kill();
    try {
      sleep(stage.lasting().dividedBy(2));
      idle(stage, WholeSystem.REPLICA_READERS);
    } finally {
      stage.system().part("sync").startAgain();
    }
  }

  private static void idleAtBoundary(Stage stage) throws Exception {
    // It may have been killed or paused just before.
    await("the sync streams", () -> stage.system().kept().isStreaming());
    idle(stage, stage.system().copyReaders());
  }

  /**
   * Nobody writes, and the log's end is put just past the header of a page: no record ends there,
   * and no copy ever reports it.
   *
   * @param readers that must be found to be there
   */
  private static void idle(Stage stage, List<String> readers) throws Exception {
    stage.idle(true);
    await(
        "the last write is answered", () -> stage.clients().stream().noneMatch(Client::isWriting));
    try (Connection primary = stage.system().primary().connect();
        Statement statement = primary.createStatement()) {
      for (int i = 0; i < 200; i++) {
        long place =
            Long.parseLong(
                query(
                    stage.system().primary(),
                    "select (pg_current_wal_insert_lsn() - '0/0') % " + PAGE_BYTES));
        if (place == SHORT_HEADER_BYTES) {
          stage.ledger().count(AT_BOUNDARY);
          break;
        }
        // A message's record has 50 bytes or so around its text; what is left is filled.
        long left = PAGE_BYTES - place;
        statement.execute(
            "select pg_logical_emit_message(false, 'x', repeat('x', %d))"
                .formatted(Math.max(0, left - 60 - i % 16)));
      }
      // What is no transaction is on disk a while later only, and not asked for before.
      sleep(stage.lasting());
      new CopyChecks(stage.system(), stage.ledger()).requireThere(readers);
    } finally {
      stage.idle(false);
    }
  }

  private static void promoteCleanly(Stage stage) throws Exception {
    stage.idle(true);
    sleep(Duration.ofMillis(500));
    run(stage.system().primary(), "select pg_switch_wal()");
    String end = query(stage.system().primary(), "select pg_current_wal_lsn()");
    await(
        "the replica has everything",
        () ->
            query(
                    stage.system().replica(1),
                    "select pg_last_wal_replay_lsn() >= '%s'".formatted(end))
                .equals("t"));
    stage.ledger().promotionBegins();
    stage.system().killFormerPrimary();
    stage.system().promote();
    stage.idle(false);
    sleep(stage.lasting());
  }

  private static void promoteWithLoss(Stage stage) throws Exception {
    cutReplicas(stage);
    stage.system().killFormerPrimary();
    reconnectReplicas(stage);
    stage.system().promote();
    // As far as what was lost was: by then only the timeline tells the two apart.
    run(stage.system().primary(), "select pg_switch_wal()");
    sleep(stage.lasting());
    stage.system().startFormerPrimary();
    sleep(stage.lasting());
  }

  private static void promoteBesideLivingPrimary(Stage stage) throws Exception {
    cutReplicas(stage);
    stage.system().promote();
    sleep(stage.lasting().multipliedBy(2));
  }

  /** What is written from now on is on the primary alone, and in the read database. */
  private static void cutReplicas(Stage stage) throws Exception {
    // Otherwise the sync waits for the replicas, and so do positions of the read database.
    run(
        stage.system().primary(),
        "alter system set synchronized_standby_slots = ''",
        "select pg_reload_conf()");
    // The second first: one that is past where the new timeline begins could not follow it.
    for (int number = 2; number >= 1; number--) {
      PostgresServer replica = stage.system().replica(number);
      run(replica, "alter system set primary_conninfo = ''", "select pg_reload_conf()");
      await(
          "replica %d receives nothing".formatted(number),
          () -> query(replica, "select count(*) from pg_stat_wal_receiver").equals("0"));
    }
    sleep(stage.lasting());
    stage.ledger().promotionBegins();
  }

  private static void reconnectReplicas(Stage stage) throws Exception {
    for (int replica = 1; replica <= 2; replica++) {
      run(
          stage.system().replica(replica),
          "alter system reset primary_conninfo",
          "select pg_reload_conf()");
    }
  }
}
