package dev.freshet.bench;

import dev.freshet.bench.process.JavaCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** {@code freshet up} in a process of its own, on a folder and ports of one's choice. */
public final class UpProcess implements AutoCloseable {

  private static final Duration READY_TIMEOUT = Duration.ofMinutes(3);
  private static final Duration STOP_TIMEOUT = Duration.ofMinutes(1);
  private static final Pattern READY = Pattern.compile("ready in ([0-9.]+) s");

  private final Process process;
  private final Path data;
  private final Path output;
  private final int portBase;
  private final int databasePortBase;

  private UpProcess(Process process, Path data, Path output, int portBase, int databasePortBase) {
    this.process = process;
    this.data = data;
    this.output = output;
    this.portBase = portBase;
    this.databasePortBase = databasePortBase;
  }

  /**
   * Starts it and returns at once.
   *
   * @param portBase the gateway's port
   * @param more further options of {@code up}
   */
  public static UpProcess start(Path data, int portBase, String... more) {
    return start(data, portBase, Map.of(), more);
  }

  /**
   * Starts it and returns at once.
   *
   * @param environment variables beside this process's own
   */
  public static UpProcess start(
      Path data, int portBase, Map<String, String> environment, String... more) {
    int databasePortBase = portBase + 250;
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "up",
                "--data",
                data.toString(),
                "--port-base",
                Integer.toString(portBase),
                "--database-port-base",
                Integer.toString(databasePortBase)));
    arguments.addAll(List.of(more));
    List<String> command =
        JavaCommand.ofFreshet(
            List.of(), List.of("-XX:+UseParallelGC", "-Xms128m", "-Xmx768m"), arguments);
    try {
      Path output = Files.createTempFile("freshet-up-", ".out");
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectOutput(output.toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
      return new UpProcess(process, data, output, portBase, databasePortBase);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Waits until it says that it is ready.
   *
   * @return the seconds that it says it took
   */
  public double awaitReady() {
    return awaitReady(READY_TIMEOUT);
  }

  /** The same for one that has much to copy. */
  public double awaitReady(Duration atMost) {
    Instant end = Instant.now().plus(atMost);
    while (Instant.now().isBefore(end)) {
      Matcher ready = READY.matcher(output());
      if (ready.find()) {
        return Double.parseDouble(ready.group(1));
      }
      if (!process.isAlive()) {
        throw new IllegalStateException(
            "up ended with " + process.exitValue() + ": " + output() + threads());
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    throw new IllegalStateException("up did not become ready: " + output());
  }

  /** Where those of the sync stood when it gave up waiting for itself; empty if it did not. */
  private String threads() {
    try {
      return Stream.of(Files.readString(data.resolve("logs/threads.txt")).split("\n\n", -1))
          .filter(thread -> thread.contains("dev.freshet.sync") || thread.contains("debezium"))
          .collect(Collectors.joining("\n\n"));
    } catch (IOException e) {
      return "";
    }
  }

  /** What it has printed so far. */
  public String output() {
    try {
      return Files.readString(output, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where it keeps its data. */
  Path data() {
    return data;
  }

  public Process process() {
    return process;
  }

  public String gateway() {
    return "http://127.0.0.1:" + portBase;
  }

  public String operators() {
    return "http://127.0.0.1:" + (portBase + 1);
  }

  /** A read-backend's address: replicas, the primary, read databases, counted from 1. */
  public String reader(int number) {
    return "http://127.0.0.1:" + (portBase + 120 + number);
  }

  public Connection primary() throws SQLException {
    return connect(databasePortBase);
  }

  public Connection replica(int number) throws SQLException {
    return connect(databasePortBase + number);
  }

  public Connection readDatabase(int number) throws SQLException {
    return connect(databasePortBase + 19 + number);
  }

  /** Has the primary and the first read database know their tables as they are now. */
  void analyze() throws SQLException {
    for (Connection server : List.of(primary(), readDatabase(1))) {
      try (server;
          Statement statement = server.createStatement()) {
        statement.execute("vacuum analyze");
      }
    }
  }

  private Connection connect(int port) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", "postgres");
    properties.setProperty("password", password());
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:%d/freshet".formatted(port), properties);
  }

  /** The port of the primary's server. */
  int primaryPort() {
    return databasePortBase;
  }

  /** The port of a read database's server. */
  int readDatabasePort(int number) {
    return databasePortBase + 19 + number;
  }

  /** The password of its servers. */
  String password() {
    try (Stream<String> lines = Files.lines(data.resolve("pgpass"))) {
      String line = lines.findFirst().orElseThrow();
      return line.substring(line.lastIndexOf(':') + 1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The JVMs of the parts by id, where each has its own: those of them that live. */
  public List<ProcessHandle> parts() {
    return process.descendants().filter(ProcessHandle::isAlive).toList();
  }

  /** The JVM of one part. */
  public ProcessHandle part(String id) {
    return process
        .descendants()
        .filter(p -> arguments(p).contains(id))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("No process for " + id));
  }

  private static List<String> arguments(ProcessHandle handle) {
    return handle.info().arguments().map(List::of).orElse(List.of());
  }

  /** The PostgreSQL servers of its folder that live. */
  public List<ProcessHandle> servers() {
    try (Stream<Path> folders = Files.list(data)) {
      return folders
          .map(folder -> folder.resolve("postmaster.pid"))
          .filter(Files::exists)
          .flatMap(UpProcess::server)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The PostgreSQL server of this name.
   *
   * @throws java.util.NoSuchElementException when it does not run
   */
  public ProcessHandle server(String id) {
    return server(data.resolve(id).resolve("postmaster.pid")).findFirst().orElseThrow();
  }

  /** The process of the search store. */
  ProcessHandle store() {
    return server(data.resolve("search/search.pid")).findFirst().orElseThrow();
  }

  private static Stream<ProcessHandle> server(Path pidFile) {
    try (Stream<String> lines = Files.lines(pidFile)) {
      return lines
          .findFirst()
          .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid.strip())))
          .filter(ProcessHandle::isAlive)
          .stream();
    } catch (IOException e) {
      return Stream.empty(); // it ended just now
    }
  }

  /** Kills everything that belongs to it at once, as a power failure would. */
  public void killEverything() {
    List<ProcessHandle> all = new ArrayList<>(servers());
    for (ProcessHandle server : List.copyOf(all)) {
      all.addAll(server.descendants().toList());
    }
    all.addAll(parts());
    all.add(process.toHandle());
    all.forEach(ProcessHandle::destroyForcibly);
    all.forEach(handle -> handle.onExit().orTimeout(20, TimeUnit.SECONDS).join());
  }

  /**
   * Stops it as Ctrl-C would.
   *
   * @return its exit status
   */
  public int stop() {
    process.destroy();
    try {
      if (!process.waitFor(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
        killEverything();
      }
      return process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      killEverything();
      return -1;
    }
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      int status = stop();
      if (status != 0) {
        throw new IllegalStateException("up ended with " + status + ": " + output());
      }
    }
    try {
      Files.deleteIfExists(output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
