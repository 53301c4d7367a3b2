package dev.freshet.local.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Runs each part in a JVM of its own, with this one's options. Settings travel in the environment,
 * which other users can't see, unlike a command line. A part ends by itself when this process does:
 * its standard input ends then.
 */
final class InProcesses implements PartRunner {

  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(15);

  private final Path logs;
  private final Consumer<String> report;

  /**
   * Prepares to run.
   *
   * @param report takes a sentence on a part that ended unasked
   */
  InProcesses(Path logs, Consumer<String> report) {
    this.logs = logs;
    this.report = report;
  }

  @Override
  public Running start(PartSpec part) {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(InProcesses::isForEveryJvm)
            .toList());
    command.add("-Dfreshet.log.file=" + logs.resolve(part.id() + ".log"));
    command.add("-D%s=%s".formatted(Logging.FORMAT, System.getProperty(Logging.FORMAT, "TEXT")));
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            ChildProcess.class.getName(),
            part.kind().name(),
            part.id(),
            Integer.toString(part.port())));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(logs.resolve(part.id() + ".out").toFile());
    part.settings().forEach((name, value) -> builder.environment().put(variable(name), value));
    try {
      Process process = builder.start();
      AtomicBoolean asked = new AtomicBoolean();
      CompletableFuture<Void> _ =
          process
              .onExit()
              .thenAccept(
                  ended -> {
                    if (!asked.get()) {
                      report.accept(
                          "%s (process %d) ended unasked with status %d; the others go on. Its log is %s."
                              .formatted(
                                  part.id(),
                                  ended.pid(),
                                  ended.exitValue(),
                                  logs.resolve(part.id() + ".log")));
                    }
                  });
      return () -> stop(process, asked);
    } catch (IOException e) {
      throw new UncheckedIOException("A JVM for " + part.id() + " can't be started", e);
    }
  }

  /** Agents, debuggers and recorders of this JVM are not for its children. */
  private static boolean isForEveryJvm(String argument) {
    return !argument.startsWith("-agent")
        && !argument.startsWith("-javaagent")
        && !argument.startsWith("-XX:AOTCacheOutput")
        && !argument.startsWith("-Dfreshet.log.file");
  }

  /** {@code freshet.read.source} as {@code FRESHET_READ_SOURCE}, as Spring Boot reads it. */
  private static String variable(String setting) {
    return setting
        .replace("-", "")
        .replaceAll("\\[(\\d+)]", "_$1")
        .replace('.', '_')
        .toUpperCase(Locale.ROOT);
  }

  private static void stop(Process process, AtomicBoolean asked) {
    asked.set(true);
    process.destroy();
    try {
      if (!process.waitFor(STOP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }
}
