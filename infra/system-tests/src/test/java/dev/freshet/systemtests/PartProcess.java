package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.bench.process.JavaCommand;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A part alone, in a process of its own, that can be stopped and started again. */
final class PartProcess implements AutoCloseable {

  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** What is started often is not worth compiling well. */
  private static final List<String> START_SOON =
      List.of("-XX:+UseSerialGC", "-Xmx512m", "-XX:TieredStopAtLevel=1");

  private final List<String> command;
  private final Map<String, String> environment;
  private final int readinessPort;
  private final Path output;
  private Process process;

  private PartProcess(
      List<String> command, Map<String, String> environment, int readinessPort, Path output)
      throws IOException {
    this.command = command;
    this.environment = environment;
    this.readinessPort = readinessPort;
    this.output = output;
    this.process = launch();
  }

  /**
   * Starts one; it may not be ready yet.
   *
   * @param readinessPort where it tells that
   * @param arguments of the command line
   */
  static PartProcess start(
      Path folder, Map<String, String> environment, int readinessPort, String... arguments)
      throws IOException {
    return new PartProcess(
        JavaCommand.ofFreshet(List.of(), START_SOON, List.of(arguments)),
        environment,
        readinessPort,
        Files.createTempFile(folder, arguments[0] + "-", ".out"));
  }

  private Process launch() throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
    builder.environment().putAll(environment);
    return builder.start();
  }

  /** Waits until it says so itself. */
  void awaitReady() {
    await()
        .atMost(PATIENCE)
        .failFast(() -> assertThat(process.isAlive()).as(this::output).isTrue())
        .until(this::isReady);
  }

  private boolean isReady() throws InterruptedException {
    try {
      return CLIENT
              .send(
                  HttpRequest.newBuilder(
                          URI.create(
                              "http://127.0.0.1:%d/actuator/health/readiness"
                                  .formatted(readinessPort)))
                      .timeout(Duration.ofSeconds(5))
                      .build(),
                  HttpResponse.BodyHandlers.discarding())
              .statusCode()
          == 200;
    } catch (IOException e) {
      return false;
    }
  }

  /** Starts it again. */
  void start() throws IOException {
    process = launch();
  }

  /** Stops it as a supervisor would. */
  void stop() throws InterruptedException {
    process.destroy();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("it stops: %s", output()).isTrue();
    assertThat(process.exitValue()).as(output()).isZero();
  }

  private String output() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().orTimeout(20, TimeUnit.SECONDS).join();
  }
}
