package dev.freshet.cluster;

import dev.freshet.postgres.PostgresUrl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One PostgreSQL server of the cluster: its folder, its port, and its programs. */
public final class PostgresServer {

  static final String DATABASE = "freshet";
  static final String SUPERUSER = "postgres";

  /** Ours among PostgreSQL's configuration files; rewritten at each start. */
  private static final String SETTINGS_FILE = "freshet.conf";

  private static final boolean HAS_PROCFS = Files.exists(Path.of("/proc/self"));

  private static final int START_SECONDS = 60;
  private static final int RELEASE_SECONDS = 10;
  private static final int LOG_LINES_TOLD = 5;

  private final String id;
  private final DataFolder data;
  private final int port;
  private final PostgresBinaries binaries;

  PostgresServer(String id, DataFolder data, int port, PostgresBinaries binaries) {
    this.id = id;
    this.data = data;
    this.port = port;
    this.binaries = binaries;
  }

  /** Its name in the cluster: {@code primary}, {@code replica-1}, {@code read-1}. */
  public String id() {
    return id;
  }

  public int port() {
    return port;
  }

  /** Its data directory. */
  public Path directory() {
    return data.path().resolve(id);
  }

  /** What starts it again with the settings of the last time: a program and its arguments. */
  public List<String> startCommand() {
    return binaries.commandLine(
        List.of("pg_ctl", "--pgdata=" + directory(), "--log=" + log(), "start"));
  }

  /** Its log. */
  public Path log() {
    return data.logs().resolve("postgres-" + id + ".log");
  }

  /** Where the cluster's database is, password included. */
  public PostgresUrl url() {
    return new PostgresUrl(
        List.of(new PostgresUrl.Server("127.0.0.1", port)),
        DATABASE,
        SUPERUSER,
        data.password(),
        Map.of());
  }

  /** A connection to the cluster's database. */
  public Connection connect() throws SQLException {
    return connect(DATABASE);
  }

  Connection connect(String database) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", SUPERUSER);
    properties.setProperty("password", data.password());
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:%d/%s".formatted(port, database), properties);
  }

  boolean isInitialised() {
    return Files.exists(directory().resolve("PG_VERSION"));
  }

  /** Makes an empty server: UTF-8, C collation, SCRAM for everybody. */
  void initialise() {
    Path partial = partial();
    try {
      DataFolder.delete(partial);
      Path passwordFile = Files.createTempFile(data.path(), "initdb-", ".pw");
      try {
        Files.writeString(passwordFile, data.password());
        binaries.run(
            List.of(
                "initdb",
                "--pgdata=" + partial,
                "--username=" + SUPERUSER,
                "--pwfile=" + passwordFile,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions"));
      } finally {
        Files.deleteIfExists(passwordFile);
      }
      become(partial);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path partial() {
    return data.path().resolve(id + ".partial");
  }

  /** Takes a complete folder as this server's own, in one rename. */
  void become(Path complete) throws IOException {
    Files.writeString(
        complete.resolve("postgresql.conf"),
        "include_if_exists '%s'%n".formatted(SETTINGS_FILE),
        StandardOpenOption.APPEND);
    Files.move(complete, directory(), StandardCopyOption.ATOMIC_MOVE);
  }

  /** The major version that the folder was made by. */
  String folderVersion() {
    try {
      return Files.readString(directory().resolve("PG_VERSION")).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts with the settings of the last time, after a stop or a kill. */
  public void startAgain() {
    if (process().isEmpty()) {
      awaitRelease();
    }
    binaries.run(
        List.of(
            "pg_ctl",
            "--pgdata=" + directory(),
            "--log=" + log(),
            "--wait",
            "--timeout=" + START_SECONDS,
            "start"));
  }

  /** Starts with these settings and returns once it accepts connections. */
  void start(Map<String, String> settings) {
    List<String> lines = new ArrayList<>();
    lines.add("# Written at each start.");
    settings.forEach((name, value) -> lines.add("%s = '%s'".formatted(name, value)));
    lines.add("port = " + port);
    lines.add("listen_addresses = '127.0.0.1'");
    lines.add("unix_socket_directories = ''");
    try {
      Files.write(directory().resolve(SETTINGS_FILE), lines);
      startAgain();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ClusterException e) {
      throw new ClusterException(
          "PostgreSQL %s did not start; the end of %s says: %s".formatted(id, log(), logTail()), e);
    }
  }

  private String logTail() {
    try (Stream<String> lines = Files.lines(log())) {
      List<String> all = lines.toList();
      return all.subList(Math.max(0, all.size() - LOG_LINES_TOLD), all.size()).stream()
          .collect(Collectors.joining(" | "));
    } catch (IOException | UncheckedIOException e) {
      return "(no log)";
    }
  }

  /** Rolls back what is open, writes everything out, and returns when the server has ended. */
  public void stop() {
    if (process().isPresent()) {
      binaries.run(
          List.of(
              "pg_ctl",
              "--pgdata=" + directory(),
              "--mode=fast",
              "--wait",
              "--timeout=" + START_SECONDS,
              "stop"));
    }
  }

  /**
   * The server's process, while one lives that has this very directory as its own.
   *
   * <p>The directory is checked because a process id in a file left by a crash may be somebody
   * else's by now.
   */
  public Optional<ProcessHandle> process() {
    return noted().filter(ProcessHandle::isAlive).filter(process -> runsHere(process.pid()));
  }

  /**
   * Waits until nothing is left of a killed server, 10 seconds at most. PostgreSQL refuses to start
   * while one of its processes holds the shared memory, or while its parent has not yet taken note
   * of its end.
   */
  public void awaitRelease() {
    if (!HAS_PROCFS) {
      return;
    }
    CompletableFuture<?>[] ends =
        Stream.concat(
                ProcessHandle.allProcesses().filter(process -> runsHere(process.pid())),
                noted().filter(process -> isDefunct(process.pid())).stream())
            .map(ProcessHandle::onExit)
            .toArray(CompletableFuture<?>[]::new);
    try {
      CompletableFuture.allOf(ends).get(RELEASE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      // The start says which process is in the way.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The process that the server's own file names, whosever it is. */
  private Optional<ProcessHandle> noted() {
    try {
      Path pidFile = directory().resolve("postmaster.pid");
      if (!Files.exists(pidFile)) {
        return Optional.empty();
      }
      return ProcessHandle.of(Long.parseLong(Files.readAllLines(pidFile).getFirst().strip()));
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }

  /** Whether a process has ended, and is in the table of processes still. */
  private static boolean isDefunct(long pid) {
    try {
      Files.readSymbolicLink(workingDirectory(pid));
      return false;
    } catch (NoSuchFileException e) {
      return true;
    } catch (IOException e) {
      return false; // somebody else's
    }
  }

  private static Path workingDirectory(long pid) {
    return Path.of("/proc", Long.toString(pid), "cwd");
  }

  private boolean runsHere(long pid) {
    if (!HAS_PROCFS) {
      return true; // as on macOS: the process id has to do
    }
    try {
      return Files.readSymbolicLink(workingDirectory(pid)).equals(directory().toRealPath());
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public String toString() {
    return id;
  }
}
