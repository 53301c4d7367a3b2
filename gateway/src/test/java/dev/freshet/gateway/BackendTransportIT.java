package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.pkitesting.X509Bundle;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.context.ConfigurableApplicationContext;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.Http11SslContextSpec;
import reactor.netty.http.Http2SslContextSpec;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.tcp.SslProvider;

/** Backends behind TLS, and backends that speak HTTP/2. */
class BackendTransportIT {

  private static final TestCertificates OURS = new TestCertificates("ours");
  private static final TestCertificates THEIRS = new TestCertificates("theirs");
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @TempDir private Path folder;
  private final Queue<DisposableServer> servers = new ConcurrentLinkedQueue<>();

  @AfterEach
  void stop() {
    servers.forEach(DisposableServer::disposeNow);
  }

  private DisposableServer start(HttpServer server) {
    DisposableServer started =
        server
            .host("127.0.0.1")
            .port(0)
            .handle(
                (request, response) ->
                    request.uri().startsWith("/.freshet/")
                        ? response.status(404).send()
                        : request
                            .receive()
                            .aggregate()
                            .asString()
                            .defaultIfEmpty("")
                            .flatMap(
                                content ->
                                    response
                                        .sendString(Mono.just(seen(request) + " " + content))
                                        .then()))
            .bindNow();
    servers.add(started);
    return started;
  }

  private static String seen(HttpServerRequest request) {
    return "%s %s, %s".formatted(request.version(), request.scheme(), extra(request));
  }

  /** Headers that Netty makes of frames are for nobody. */
  private static String extra(HttpServerRequest request) {
    return request.requestHeaders().contains("x-http2-path") ? "with a frame's header" : "as sent";
  }

  /** A server that shows a certificate, and asks for one of ours when it is told to. */
  private static HttpServer secure(X509Bundle shown, ClientAuth auth) {
    return secure(
        Http2SslContextSpec.forServer(
                shown.getKeyPair().getPrivate(), shown.getCertificatePathList())
            .configure(builder -> builder.clientAuth(auth).trustManager(OURS.trust())),
        HttpProtocol.HTTP11,
        HttpProtocol.H2);
  }

  private static HttpServer secure(
      SslProvider.GenericSslContextSpec<SslContextBuilder> tls, HttpProtocol... protocols) {
    return HttpServer.create().protocol(protocols).secure(spec -> spec.sslContext(tls));
  }

  private ConfigurableApplicationContext gateway(String url, String more) throws Exception {
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - { id: all, path: /**, read: { pool: backends, otherwise: stale }, write: { pool: backends } }
        pools:
          backends: { instances: [ { id: backend, url: "%s"%s } ] }
        """
            .formatted(url, more));
    return TestGateway.start(folder, Map.of("data", folder.toString(), "timeout", "3s"));
  }

  private static String url(DisposableServer server) {
    return "https://127.0.0.1:" + server.port();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "http/1.1|HTTP/1.1 https, as sent",
        "h2|HTTP/2.0 https, as sent",
      })
  void protocolOfAnHttpsBackendIsTheOneThatIsNamed(String protocol, String seen) throws Exception {
    OURS.authority(folder, "ca.pem");
    DisposableServer server = start(secure(OURS.give("backend"), ClientAuth.NONE));
    try (ConfigurableApplicationContext gateway =
        gateway(url(server), ", protocol: %s, tls: { ca: ca.pem }".formatted(protocol))) {
      assertThat(TestGateway.send(gateway, "GET", "/a", "").body()).isEqualTo(seen + " ");
      assertThat(TestGateway.send(gateway, "POST", "/a", "content").body())
          .isEqualTo(seen + " content");
      assertThat(TestGateway.send(gateway, "PUT", "/a", "x".repeat(200_000)).body())
          .hasSize(seen.length() + 1 + 200_000);
    }
  }

  @Test
  void backendThatDoesNotKnowHttp2GetsHttp11() throws Exception {
    OURS.authority(folder, "ca.pem");
    X509Bundle shown = OURS.give("backend");
    DisposableServer server =
        start(
            secure(
                Http11SslContextSpec.forServer(
                    shown.getKeyPair().getPrivate(), shown.getCertificatePathList()),
                HttpProtocol.HTTP11));
    try (ConfigurableApplicationContext gateway =
        gateway(url(server), ", protocol: h2, tls: { ca: ca.pem }")) {
      assertThat(TestGateway.send(gateway, "GET", "/a", "").body())
          .isEqualTo("HTTP/1.1 https, as sent ");
    }
  }

  @Test
  void http2WithoutTlsIsSpokenWhereItIsNamed() throws Exception {
    DisposableServer server = start(HttpServer.create().protocol(HttpProtocol.H2C));
    try (ConfigurableApplicationContext gateway =
        gateway("http://127.0.0.1:" + server.port(), ", protocol: h2c")) {
      assertThat(TestGateway.send(gateway, "GET", "/a", "").body())
          .isEqualTo("HTTP/2.0 http, as sent ");
      assertThat(TestGateway.send(gateway, "POST", "/a", "content").body())
          .isEqualTo("HTTP/2.0 http, as sent content");
    }
  }

  /** Connections don't bound what one of HTTP/2 carries; the limit does. */
  @Test
  void limitHoldsForRequestsThatShareAConnection() throws Exception {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    DisposableServer server =
        HttpServer.create()
            .protocol(HttpProtocol.H2C)
            .host("127.0.0.1")
            .port(0)
            .handle(
                (request, response) ->
                    request.uri().startsWith("/.freshet/")
                        ? response.status(404).send()
                        : Mono.fromRunnable(
                                () -> most.accumulateAndGet(running.incrementAndGet(), Math::max))
                            .then(Mono.delay(Duration.ofMillis(100)))
                            .doOnNext(waited -> running.decrementAndGet())
                            .then(response.sendString(Mono.just("done")).then()))
            .bindNow();
    servers.add(server);
    try (ConfigurableApplicationContext gateway =
            gateway("http://127.0.0.1:" + server.port(), ", protocol: h2c, limit: 3");
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> answers = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        answers.add(clients.submit(() -> TestGateway.send(gateway, "GET", "/a", "").statusCode()));
      }
      for (Future<Integer> answer : answers) {
        assertThat(answer.get()).isIn(200, 503);
      }
      assertThat(most.get()).isBetween(2, 3);
      assertThat(TestGateway.send(gateway, "GET", "/a", "").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void backendOfAnotherAuthorityOrAnotherNameIsNotTrusted() throws Exception {
    OURS.authority(folder, "ca.pem");
    X509Bundle[] untrusted = {THEIRS.give("backend"), OURS.give("backend", "127.0.0.9")};
    for (X509Bundle shown : untrusted) {
      DisposableServer server = start(secure(shown, ClientAuth.NONE));
      try (ConfigurableApplicationContext gateway = gateway(url(server), ", tls: { ca: ca.pem }")) {
        HttpResponse<String> answer = TestGateway.send(gateway, "POST", "/a", "content");
        assertThat(answer.statusCode()).isIn(502, 503);
        assertThat(answer.body()).doesNotContain("outcome-unknown");
        assertThat(TestGateway.operate(gateway, "GET", "/api/status", "").body())
            .contains("\"state\":\"down\"");
      }
    }
  }

  @Test
  void gatewayShowsWhoItIsAndGoesOnWithANewCertificate() throws Exception {
    OURS.authority(folder, "ca.pem");
    TestCertificates.write(THEIRS.give("stranger"), folder, "gateway");
    DisposableServer server = start(secure(OURS.give("backend"), ClientAuth.REQUIRE));
    try (ConfigurableApplicationContext gateway =
        gateway(
            url(server), ", tls: { ca: ca.pem, certificate: gateway.pem, key: gateway-key.pem }")) {
      assertThat(TestGateway.send(gateway, "GET", "/a", "").statusCode()).isIn(502, 503);
      TestCertificates.write(OURS.give("gateway"), folder, "gateway");
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(TestGateway.send(gateway, "GET", "/a", "").body())
                      .isEqualTo("HTTP/1.1 https, as sent "));
    }
  }

  @Test
  void fileThatCanNotBeUsedIsRefusedWithItsPlace() {
    assertThatThrownBy(() -> gateway("https://127.0.0.1:1", ", tls: { ca: missing.pem }"))
        .rootCause()
        .hasMessageContaining("missing.pem can't be read");
  }
}
