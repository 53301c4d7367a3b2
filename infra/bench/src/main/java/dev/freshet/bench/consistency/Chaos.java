package dev.freshet.bench.consistency;

import static dev.freshet.bench.consistency.Servers.query;
import static dev.freshet.bench.consistency.Servers.run;

import dev.freshet.cluster.PostgresServer;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * Every five seconds something else: a part or a server killed or paused, a link cut or reset, a
 * clock set, the read database's disk full. After the last of it everything has to serve again
 * within a time.
 */
final class Chaos {

  private static final Duration EVERY = Duration.ofSeconds(5);
  private static final int SHORTEST_MILLIS = 500;
  private static final int LONGEST_MILLIS = 4_500;
  private static final Duration READY_WITHIN = Duration.ofSeconds(15);
  private static final int DISK_MEGABYTES = 256;

  /** By how much clocks are set at most. */
  private static final int MINUTES = 180;

  private final WholeSystem system;
  private final Ledger ledger;
  private final Random random;
  private final PrintStream out;
  private final List<Blow> blows = new ArrayList<>();

  /** Something that goes wrong, and is put right after a while. */
  private record Blow(String name, Course course) {}

  @FunctionalInterface
  private interface Course {
    void run(Duration lasting) throws Exception;
  }

  private Chaos(WholeSystem system, Ledger ledger, Random random, PrintStream out) {
    this.system = system;
    this.ledger = ledger;
    this.random = random;
    this.out = out;
  }

  /**
   * All of it.
   *
   * @param lasting how long it goes on
   * @param out says what happens when
   */
  static Fault fault(Duration lasting, Random random, PrintStream out) {
    return new Fault(
        "chaos",
        stage -> {
          Chaos chaos = new Chaos(stage.system(), stage.ledger(), random, out);
          chaos.gather();
          try (Disk disk = Disk.ofReadDatabase(stage.system())) {
            if (disk.isSmall()) {
              chaos.gatherFull(disk);
            } else {
              chaos.say("No disk gets full: a small file system can't be mounted; be root.");
            }
            chaos.rage(lasting);
            chaos.requireReady();
          }
        },
        WholeSystem.Wiring.FRAGILE);
  }

  private void gather() {
    system
        .parts()
        .forEach(
            (name, part) -> {
              blows.add(new Blow(name + " killed", lasting -> part.killAndStart()));
              blows.add(
                  new Blow(
                      name + " paused",
                      lasting -> {
                        part.halt();
                        during(lasting, part::goesOn);
                      }));
              part.clock()
                  .ifPresent(
                      clock ->
                          blows.add(
                              new Blow(
                                  name + " with its clock set",
                                  lasting -> {
                                    clock.set(
                                        Duration.ofMinutes(random.nextInt(-MINUTES, MINUTES)));
                                    during(lasting, () -> clock.set(Duration.ZERO));
                                  })));
            });
    system
        .kept()
        .broker()
        .ifPresent(
            broker -> {
              blows.add(
                  new Blow(
                      "broker killed",
                      lasting -> {
                        broker.kill();
                        during(lasting, broker::startAgain);
                      }));
              blows.add(
                  new Blow(
                      "broker paused",
                      lasting -> {
                        Signals.send("STOP", broker.process());
                        during(lasting, () -> Signals.send("CONT", broker.process()));
                      }));
            });
    for (PostgresServer server : system.allServers()) {
      blows.add(
          new Blow(
              server + " killed",
              lasting -> {
                server.process().orElseThrow().destroyForcibly();
                Servers.startAgain(server);
              }));
      blows.add(
          new Blow(
              server + " paused",
              lasting -> {
                ProcessHandle process = server.process().orElseThrow();
                Signals.send("STOP", process);
                during(lasting, () -> Signals.send("CONT", process));
              }));
    }
    system
        .links()
        .forEach(
            (name, link) -> {
              blows.add(
                  new Blow(
                      "link " + name + " cut",
                      lasting -> {
                        link.cut(true);
                        during(lasting, () -> link.cut(false));
                      }));
              blows.add(new Blow("link " + name + " reset", lasting -> link.reset()));
            });
  }

  private void gatherFull(Disk disk) {
    blows.add(
        new Blow(
            "disk of the read database full",
            lasting -> {
              Path filler = disk.fill();
              during(lasting, () -> Files.delete(filler));
            }));
  }

  private void rage(Duration lasting) throws Exception {
    long end = System.nanoTime() + lasting.toNanos();
    while (System.nanoTime() < end) {
      long next = System.nanoTime() + EVERY.toNanos();
      Blow blow = blows.get(random.nextInt(blows.size()));
      Duration blowing =
          Duration.ofMillis(SHORTEST_MILLIS + random.nextInt(LONGEST_MILLIS - SHORTEST_MILLIS));
      say("%s, %d ms".formatted(blow.name(), blowing.toMillis()));
      blow.course().run(blowing);
      ledger.count("chaos: " + blow.name().replaceFirst(".* ", ""));
      LockSupport.parkNanos(next - System.nanoTime());
    }
  }

  /** Writes and reads are answered, every copy gets where the primary is, and nothing is out. */
  private void requireReady() throws Exception {
    long began = System.nanoTime();
    String state = "";
    boolean isReady = false;
    while (!isReady && System.nanoTime() - began < READY_WITHIN.toNanos()) {
      state = new Readiness(system).whatIsNotReady();
      isReady = state.isEmpty();
      LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
    }
    long millis = Duration.ofNanos(System.nanoTime() - began).toMillis();
    say(isReady ? "ready after %d ms".formatted(millis) : "not ready: " + state);
    if (!isReady) {
      ledger.suspect(Ledger.Promise.READY_AGAIN, Optional.empty(), state);
    }
  }

  private void say(String what) {
    out.printf("%tT %s%n", Instant.now().atZone(ZoneOffset.UTC), what);
  }

  @FunctionalInterface
  private interface Mend {
    void run() throws Exception;
  }

  /** What was done stays so for a while, and is undone whatever happens. */
  private static void during(Duration lasting, Mend mend) throws Exception {
    try {
      LockSupport.parkNanos(lasting.toNanos());
    } finally {
      mend.run();
    }
  }

  /**
   * A small file system that the read database's tables are on.
   *
   * @param isSmall false where none could be mounted, which takes root
   */
  private record Disk(WholeSystem system, Path mount, boolean isSmall) implements AutoCloseable {

    static Disk ofReadDatabase(WholeSystem system) throws Exception {
      Path mount = Files.createTempDirectory("freshet-small-disk-");
      if (!command("mount", "-t", "tmpfs", "-o", "size=" + DISK_MEGABYTES + "m", "tmpfs", mount)) {
        return new Disk(system, mount, false);
      }
      try {
        Path place = Files.createDirectory(mount.resolve("place"));
        PostgresServer server = system.cluster().readDatabases().getFirst();
        run(server, "create tablespace small location '%s'".formatted(place));
        run(server, "alter database freshet set default_tablespace = small");
        move(server, "small");
        return new Disk(system, mount, true);
      } catch (IOException | SQLException e) {
        unmount(mount);
        throw e;
      }
    }

    Path fill() throws IOException {
      FileStore store = Files.getFileStore(mount);
      Path filler = mount.resolve("filler");
      byte[] block = new byte[1 << 16];
      try (RandomAccessFile file = new RandomAccessFile(filler.toFile(), "rw")) {
        while (store.getUsableSpace() > block.length) {
          file.write(block);
        }
      }
      return filler;
    }

    /** The tables go back to where they came from. */
    @Override
    public void close() throws IOException, SQLException {
      if (!isSmall) {
        return;
      }
      PostgresServer server = system.cluster().readDatabases().getFirst();
      run(server, "alter database freshet reset default_tablespace");
      move(server, "pg_default");
      unmount(mount);
    }

    /** Files of the server are open there for a while. */
    private static void unmount(Path mount) throws IOException {
      if (!command("umount", "--lazy", mount)) {
        throw new IllegalStateException(mount + " can't be unmounted");
      }
      Files.delete(mount);
    }

    /**
     * One by one: the sync, which holds several, would be in each other's way with this. Indexes do
     * not go with their tables.
     */
    private static void move(PostgresServer server, String tablespace) throws SQLException {
      String statements =
          query(
              server,
              """
              select string_agg(
                format('alter %%s %%s set tablespace %s',
                  case relkind when 'i' then 'index' else 'table' end, oid::regclass), ';')
              from pg_class
              where relnamespace::regnamespace::text in ('public', 'read', 'freshet')
                and relkind in ('r', 'i')"""
                  .formatted(tablespace));
      run(server, statements.split(";", -1));
    }

    private static boolean command(Object... words) throws IOException {
      List<String> command = new ArrayList<>();
      for (Object word : words) {
        command.add(word.toString());
      }
      return new ProcessBuilder(command).inheritIO().start().onExit().join().exitValue() == 0;
    }
  }
}
