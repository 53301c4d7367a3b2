package dev.freshet.process;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A JVM with somebody else's program, in a folder of its own: its settings, its logs, and the ID of
 * the process.
 */
public final class JavaProcess implements AutoCloseable {

  private static final Duration READY_WITHIN = Duration.ofSeconds(60);
  private static final Duration RUN_WITHIN = Duration.ofSeconds(60);
  private static final Duration STOPPED_WITHIN = Duration.ofSeconds(30);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(50);
  private static final int CONNECT_MILLIS = 1_000;

  private final Path folder;
  private final String name;
  private final List<String> command;
  private Process process;

  private JavaProcess(Path folder, String name, List<String> command, Process process) {
    this.folder = folder;
    this.name = name;
    this.command = command;
    this.process = process;
  }

  /**
   * Makes a folder ready, and ends a process that a killed parent has left in it.
   *
   * @param name of its files
   * @param quiet loggers of which errors alone are logged
   * @throws IOException when the folder can't be made or written
   */
  public static void prepare(Path folder, String name, List<String> quiet) throws IOException {
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    endLeftOver(folder, name);
    Files.writeString(
        folder.resolve("log4j2.properties"),
        """
            status=error
            appender.file.type=RollingFile
            appender.file.name=file
            appender.file.fileName=%1$s/%2$s.log
            appender.file.filePattern=%1$s/%2$s-%%i.log
            appender.file.layout.type=PatternLayout
            appender.file.layout.pattern=%%d %%p %%c{1} - %%m%%n
            appender.file.policies.type=Policies
            appender.file.policies.size.type=SizeBasedTriggeringPolicy
            appender.file.policies.size.size=10MB
            appender.file.strategy.type=DefaultRolloverStrategy
            appender.file.strategy.max=2
            rootLogger.level=warn
            rootLogger.appenderRef.file.ref=file
            """
                .formatted(folder, name)
            + quietly(quiet));
  }

  private static String quietly(List<String> loggers) {
    return IntStream.range(0, loggers.size())
        .mapToObj(
            i ->
                "logger.quiet%1$d.name=%2$s\nlogger.quiet%1$d.level=error\n"
                    .formatted(i, loggers.get(i)))
        .collect(Collectors.joining());
  }

  /** Ends a process that a killed parent has left: it holds folder and port. */
  public static void endLeftOver(Path folder, String name) throws IOException {
    Path pidFile = folder.resolve(name + ".pid");
    if (!Files.exists(pidFile)) {
      return;
    }
    ProcessHandle.of(Long.parseLong(Files.readString(pidFile).strip()))
        .filter(
            process ->
                process.info().arguments().stream()
                    .flatMap(Stream::of)
                    .anyMatch(argument -> argument.startsWith(folder.toString())))
        .ifPresent(
            process -> {
              process.destroyForcibly();
              process.onExit().orTimeout(STOPPED_WITHIN.toSeconds(), TimeUnit.SECONDS).join();
            });
  }

  /**
   * Makes sure that nothing listens on a port of 127.0.0.1.
   *
   * @param forWhat to say whose it is
   */
  public static void requireFree(int port, String forWhat, String remedy) {
    try (ServerSocket socket = new ServerSocket()) {
      // As servers do: connections of one that was killed may still be winding up.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
    } catch (IOException e) {
      throw new ProcessFailed(
          "Port %d, for %s, is taken. Stop what listens there, or %s."
              .formatted(port, forWhat, remedy),
          e);
    }
  }

  /**
   * Starts it.
   *
   * @param classPath short, as the system cuts long command lines, by which a process that was left
   *     is known
   * @param options of the JVM
   * @param arguments the class and its arguments
   */
  public static JavaProcess start(
      Path folder, String name, String classPath, List<String> options, List<String> arguments)
      throws IOException {
    List<String> command = command(folder, classPath, options, arguments);
    return new JavaProcess(folder, name, command, launch(folder, name, command));
  }

  /** Runs it to its end; fails where its status is not 0. */
  public static void run(Path folder, String name, String classPath, List<String> arguments)
      throws IOException {
    Process running = launch(folder, name, command(folder, classPath, List.of(), arguments));
    try {
      boolean isDone = running.waitFor(RUN_WITHIN.toSeconds(), TimeUnit.SECONDS);
      if (!isDone || running.exitValue() != 0) {
        running.destroyForcibly();
        throw new ProcessFailed(
            "%s: %s".formatted(arguments.getFirst(), output(folder, name)), null);
      }
    } catch (InterruptedException e) {
      running.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new ProcessFailed(name + " was interrupted.", e);
    }
  }

  private static List<String> command(
      Path folder, String classPath, List<String> options, List<String> arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Djava.awt.headless=true",
                "-Dlog4j2.configurationFile=" + folder.resolve("log4j2.properties")));
    command.addAll(options);
    command.addAll(List.of("-cp", classPath));
    command.addAll(arguments);
    return command;
  }

  private static Process launch(Path folder, String name, List<String> command) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(ProcessBuilder.Redirect.to(folder.resolve(name + ".out").toFile()))
            .start();
    Files.writeString(folder.resolve(name + ".pid"), Long.toString(process.pid()));
    return process;
  }

  /**
   * A folder that the build makes.
   *
   * @throws ProcessFailed when it is not there
   */
  public static Path built(String folder) {
    Path home = Path.of(System.getProperty("freshet.home", "")).toAbsolutePath();
    for (Path up = home; up != null; up = up.getParent()) {
      Path found = up.resolve(folder);
      if (Files.isDirectory(found)) {
        return found;
      }
    }
    throw new ProcessFailed("There is no folder %s; build Freshet first.".formatted(folder), null);
  }

  /** What it has said before it had a log. */
  private static String output(Path folder, String name) {
    try {
      return Files.readString(folder.resolve(name + ".out")).strip();
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Where it went wrong, from its log if it got that far. */
  private String said() {
    String said = output(folder, name);
    if (said.isEmpty() && Files.exists(log())) {
      try (Stream<String> lines = Files.lines(log())) {
        said =
            lines
                .dropWhile(line -> !line.contains(" ERROR "))
                .limit(2)
                .collect(Collectors.joining(" "));
      } catch (IOException e) {
        said = e.toString();
      }
    }
    return said;
  }

  /** The process itself. */
  public ProcessHandle handle() {
    return process.toHandle();
  }

  /** Where it logs. */
  public Path log() {
    return folder.resolve(name + ".log");
  }

  /**
   * Waits until it is ready, {@link #READY_WITHIN} at most.
   *
   * @throws ProcessFailed when it ends, or is not ready by then; it is killed
   */
  public void awaitReady(BooleanSupplier isReady) {
    long end = System.nanoTime() + READY_WITHIN.toNanos();
    while (!isReady.getAsBoolean()) {
      if (!process.isAlive() || System.nanoTime() > end) {
        kill();
        throw new ProcessFailed(
            "%s did not start: %s See %s.".formatted(name, said(), log()), null);
      }
      LockSupport.parkNanos(LOOK_AGAIN.toNanos());
    }
  }

  /** Whether something listens on a port of 127.0.0.1. */
  public static boolean takesConnections(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), CONNECT_MILLIS);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Kills it, as a power failure would. */
  public void kill() {
    process.destroyForcibly();
    process.onExit().orTimeout(STOPPED_WITHIN.toSeconds(), TimeUnit.SECONDS).join();
  }

  /** Starts it after it was killed, without waiting for it. */
  public void startAgain() {
    try {
      process = launch(folder, name, command);
    } catch (IOException e) {
      throw new ProcessFailed("%s can't be started again.".formatted(name), e);
    }
  }

  /** Stops it in order. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(STOPPED_WITHIN.toSeconds(), TimeUnit.SECONDS)) {
        kill();
      }
    } catch (InterruptedException e) {
      kill();
      Thread.currentThread().interrupt();
    }
  }
}
