package dev.freshet.bench.consistency;

import dev.freshet.bench.process.JavaCommand;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** One part in a process of its own, as {@code ./freshet gateway} and the others start it. */
final class PartProcess implements AutoCloseable {

  private static final Duration START_TIMEOUT = Duration.ofMinutes(2);

  private final Start start;
  private Process process;

  /**
   * How a part is started.
   *
   * @param arguments of the command line
   * @param passwords a file as libpq reads it
   * @param ready what answers 200, and says {@code "ready":true} where it speaks of that, once the
   *     part can serve
   * @param first folders of classes that are found before the part's own
   * @param log where its output goes
   * @param options of the JVM
   * @param clock its own; null for the machine's
   */
  record Start(
      List<String> arguments,
      Path passwords,
      URI ready,
      List<Path> first,
      Path log,
      List<String> options,
      @Nullable SetClock clock) {}

  private PartProcess(Start start, Process process) {
    this.start = start;
    this.process = process;
  }

  /** Starts it and returns at once. */
  static PartProcess start(Start start) throws IOException {
    return new PartProcess(start, launch(start));
  }

  private static Process launch(Start start) throws IOException {
    List<String> options = new ArrayList<>(List.of("-XX:+UseSerialGC", "-Xmx256m"));
    options.addAll(start.options());
    List<String> command = JavaCommand.ofFreshet(start.first(), options, start.arguments());
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(start.log().toFile()));
    builder.environment().put("PGPASSFILE", start.passwords().toString());
    if (start.clock() != null) {
      builder.environment().putAll(start.clock().environment());
    }
    return builder.start();
  }

  /** Waits until it can serve. */
  void awaitReady() throws InterruptedException {
    Instant end = Instant.now().plus(START_TIMEOUT);
    try (HttpClient client = HttpClient.newHttpClient()) {
      while (!isReady(client)) {
        if (!process.isAlive() || Instant.now().isAfter(end)) {
          throw new IllegalStateException(
              "%s is not ready; see %s".formatted(start.arguments(), start.log()));
        }
        LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
      }
    }
  }

  private boolean isReady(HttpClient client) throws InterruptedException {
    try {
      HttpResponse<String> answer =
          client.send(
              HttpRequest.newBuilder(start.ready()).timeout(Duration.ofSeconds(2)).build(),
              HttpResponse.BodyHandlers.ofString());
      return answer.statusCode() == 200 && !answer.body().contains("\"ready\":false");
    } catch (IOException e) {
      return false;
    }
  }

  /** Kills it, as the kernel does when memory is short, and starts it again. */
  void killAndStart() throws IOException, InterruptedException {
    kill();
    startAgain();
  }

  /** Starts it after it was killed, and waits until it can serve. */
  void startAgain() throws IOException, InterruptedException {
    process = launch(start);
    awaitReady();
  }

  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Keeps it from doing anything, its connections open, until it {@link #goesOn}. */
  void halt() throws IOException, InterruptedException {
    Signals.send("STOP", process.toHandle());
  }

  void goesOn() throws IOException, InterruptedException {
    Signals.send("CONT", process.toHandle());
  }

  /** The machine's, where it can't be set. */
  Optional<SetClock> clock() {
    return Optional.ofNullable(start.clock());
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
