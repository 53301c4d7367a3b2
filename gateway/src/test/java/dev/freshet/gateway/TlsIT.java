package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.WireMock;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** Clients come by TLS, and the files behind it change. */
class TlsIT {

  private static final TestCertificates OURS = new TestCertificates("ours");
  private static final TestCertificates THEIRS = new TestCertificates("theirs");

  @TempDir private Path folder;
  private final WireMockServer backend = TestServers.start();

  @BeforeEach
  void prepare() throws Exception {
    backend.stubFor(WireMock.any(WireMock.anyUrl()).willReturn(WireMock.ok("here")));
    TestCertificates.write(OURS.give("first"), folder, "gateway");
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - { id: all, path: /**, read: { pool: backends }, write: { pool: backends }, session: { by: cookie } }
        pools:
          backends: { instances: [ { id: backend, url: "%s" } ] }
        """
            .formatted(backend.baseUrl()));
  }

  @AfterEach
  void stop() {
    backend.stop();
  }

  private ConfigurableApplicationContext gateway(String... more) {
    Map<String, String> settings = new HashMap<>(TestGateway.tls(folder, "gateway"));
    for (int i = 0; i < more.length; i += 2) {
      settings.put("freshet.tls." + more[i], more[i + 1]);
    }
    return TestGateway.startWith(folder, settings);
  }

  private static HttpClient client(SSLContext tls, HttpClient.Version version) {
    return HttpClient.newBuilder()
        .sslContext(tls)
        .version(version)
        .connectTimeout(Duration.ofSeconds(10))
        .build();
  }

  private static HttpResponse<String> get(ConfigurableApplicationContext gateway, HttpClient client)
      throws Exception {
    return client.send(
        HttpRequest.newBuilder(
                URI.create("https://127.0.0.1:%d/a".formatted(TestGateway.port(gateway))))
            .timeout(Duration.ofSeconds(10))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void clientsComeByHttp2AndByHttp11AndBackendsAreToldThatItWasTls() throws Exception {
    try (ConfigurableApplicationContext gateway = gateway()) {
      for (HttpClient.Version version : HttpClient.Version.values()) {
        backend.resetRequests();
        HttpResponse<String> answer = get(gateway, client(OURS.client(null), version));
        assertThat(answer.version()).isEqualTo(version);
        assertThat(answer.body()).isEqualTo("here");
        assertThat(answer.headers().firstValue("Freshet-Source")).isPresent();
        backend.verify(
            WireMock.getRequestedFor(WireMock.urlEqualTo("/a"))
                .withHeader("X-Forwarded-Proto", WireMock.equalTo("https"))
                .withoutHeader("x-http2-stream-id")
                .withoutHeader("x-http2-scheme"));
      }
    }
  }

  @Test
  void http11IsReadAsStrictlyBehindTls() throws Exception {
    try (ConfigurableApplicationContext gateway = gateway();
        Socket socket = connect(gateway)) {
      socket
          .getOutputStream()
          .write("GET /a HTTP/1.1\nHost: x\n\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(firstLine(socket)).startsWith("HTTP/1.1 400 ");
    }
  }

  @Test
  void replacedCertificateIsShownToNewConnectionsAndOneThatDoesNotFitChangesNothing()
      throws Exception {
    try (ConfigurableApplicationContext gateway = gateway()) {
      HttpClient before = client(OURS.client(null), HttpClient.Version.HTTP_1_1);
      get(gateway, before);
      TestCertificates.write(OURS.give("second"), folder, "gateway");
      await()
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(() -> assertThat(shown(gateway)).isEqualTo("CN=second"));
      assertThat(get(gateway, before).body()).as("an old connection").isEqualTo("here");

      Files.writeString(folder.resolve("gateway-key.pem"), OURS.give("third").getPrivateKeyPEM());
      await()
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(
              () -> assertThat(metrics(gateway)).contains("freshet_tls_reload_failed 1"));
      assertThat(shown(gateway)).isEqualTo("CN=second");

      TestCertificates.write(OURS.give("third"), folder, "gateway");
      await()
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(() -> assertThat(shown(gateway)).isEqualTo("CN=third"));
      assertThat(metrics(gateway)).contains("freshet_tls_reload_failed 0");
    }
  }

  @Test
  void whereClientsHaveToShowOneOnlyThoseOfTheAuthorityAreLetIn() throws Exception {
    String authority = THEIRS.authority(folder, "clients.pem").toString();
    try (ConfigurableApplicationContext gateway = gateway("client-ca", authority)) {
      assertThat(
              get(gateway, client(OURS.client(THEIRS.give("ada")), HttpClient.Version.HTTP_2))
                  .body())
          .isEqualTo("here");
      assertThatThrownBy(() -> get(gateway, client(OURS.client(null), HttpClient.Version.HTTP_2)))
          .isInstanceOf(IOException.class);
      assertThatThrownBy(
              () ->
                  get(
                      gateway,
                      client(OURS.client(OURS.give("stranger")), HttpClient.Version.HTTP_2)))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void filesThatCanNotBeUsedAreNamedAtTheStart() throws Exception {
    Files.writeString(folder.resolve("gateway-key.pem"), OURS.give("other").getPrivateKeyPEM());
    assertThatThrownBy(this::gateway)
        .rootCause()
        .hasMessageContaining("is not the one of the certificate in")
        .hasMessageContaining("gateway.pem");
    Files.writeString(folder.resolve("gateway-key.pem"), "nothing");
    assertThatThrownBy(this::gateway)
        .hasStackTraceContaining("gateway-key.pem holds no private key in PEM");
  }

  private static String metrics(ConfigurableApplicationContext gateway) throws Exception {
    return TestGateway.operate(gateway, "GET", "/actuator/prometheus", "").body();
  }

  private static String shown(ConfigurableApplicationContext gateway) throws Exception {
    try (SSLSocket socket = connect(gateway)) {
      return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
          .getSubjectX500Principal()
          .getName();
    }
  }

  private static SSLSocket connect(ConfigurableApplicationContext gateway) throws Exception {
    SSLSocket socket =
        (SSLSocket)
            OURS.client(null)
                .getSocketFactory()
                .createSocket("127.0.0.1", TestGateway.port(gateway));
    socket.setSoTimeout(10_000);
    socket.startHandshake();
    return socket;
  }

  private static String firstLine(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder line = new StringBuilder();
    for (int next = in.read(); next >= 0 && next != '\r'; next = in.read()) {
      line.append((char) next);
    }
    return line.toString();
  }
}
