package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/** HTTP/2 as h2spec has it, on the clients' side. */
class H2SpecIT {

  private static final Duration LATER = Duration.ofMillis(500);
  private static final String PROGRAM = "/h2spec/2.2.0/h2spec_linux_amd64.tar.gz";

  @Test
  void everyCaseOfH2specPasses(@TempDir Path folder) throws Exception {
    assumeThat(System.getProperty("os.name") + " " + System.getProperty("os.arch"))
        .as("h2spec's program for Linux on x86-64 is the one that is tried")
        .isEqualTo("Linux amd64");
    Path program = unpack(folder);
    DisposableServer backend = backend();
    TestCertificates.write(new TestCertificates("ours").give("gateway"), folder, "gateway");
    TestGateway.routeAllTo("http://127.0.0.1:" + backend.port(), folder);
    try (ConfigurableApplicationContext gateway =
        TestGateway.startWith(folder, TestGateway.tls(folder, "gateway"))) {
      Path report = folder.resolve("report");
      Process running =
          new ProcessBuilder(
                  program.toString(),
                  "--tls",
                  "--insecure",
                  "--host",
                  "127.0.0.1",
                  "--port",
                  Integer.toString(TestGateway.port(gateway)),
                  "--timeout",
                  "5",
                  "generic",
                  "http2",
                  "hpack")
              .redirectErrorStream(true)
              .redirectOutput(report.toFile())
              .start();
      assertThat(running.waitFor(4, TimeUnit.MINUTES)).as("h2spec ends").isTrue();
      String told = Files.readString(report);
      assertThat(running.exitValue()).as(told).isZero();
      assertThat(told).containsPattern("1\\d\\d tests, 1\\d\\d passed, [01] skipped, 0 failed");
    } finally {
      backend.disposeNow();
    }
  }

  /**
   * Answers late. To try the limit of streams (5.1.2) h2spec sends one more request than may be
   * open, each of them whole: when the first is answered before the last has come, there is none
   * too many, and h2spec waits for a refusal in vain. {@link Http2IT} holds the streams open
   * instead.
   */
  private static DisposableServer backend() {
    return HttpServer.create()
        .host("127.0.0.1")
        .port(0)
        .handle((request, response) -> response.sendString(Mono.delay(LATER).thenReturn("here")))
        .bindNow();
  }

  private static Path unpack(Path folder) throws Exception {
    Path archive = folder.resolve("h2spec.tar.gz");
    try (InputStream in =
        Objects.requireNonNull(H2SpecIT.class.getResourceAsStream(PROGRAM), PROGRAM)) {
      Files.copy(in, archive);
    }
    Process tar =
        new ProcessBuilder("tar", "-xzf", archive.toString(), "-C", folder.toString())
            .redirectErrorStream(true)
            .start();
    String told = new String(tar.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(tar.waitFor()).as(told).isZero();
    return folder.resolve("h2spec");
  }
}
