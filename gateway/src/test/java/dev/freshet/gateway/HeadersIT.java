package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.context.ConfigurableApplicationContext;

/** What {@code HEADERS.md} says of each header is what becomes of it, byte by byte on sockets. */
class HeadersIT {

  private static final String SENT = "sent-1";

  /** They frame the messages of this test, or say what is tested apart. */
  private static final List<String> FRAMING =
      List.of("content-length", "transfer-encoding", "connection");

  private static final Pattern NAME = Pattern.compile("`([A-Za-z-]+)`");

  @TempDir Path folder;

  private ServerSocket backend;
  private ConfigurableApplicationContext gateway;
  private final BlockingQueue<List<String>> received = new LinkedBlockingQueue<>();
  private volatile String answer = "";

  /** A row of one of the two tables. */
  private record Row(List<String> names, String treatment) {}

  @BeforeEach
  void start() throws Exception {
    backend = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::serve);
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes: [ { id: all, path: /**, read: { pool: one, allow: [eventual, session] }, write: { pool: one } } ]
        pools: { one: { instances: [ { id: one, url: "http://127.0.0.1:%d" } ] } }
        """
            .formatted(backend.getLocalPort()));
    gateway = TestGateway.start(folder, Map.of("data", folder.toString()));
  }

  @AfterEach
  void stop() throws Exception {
    gateway.close();
    backend.close();
  }

  private void serve() {
    while (!backend.isClosed()) {
      try (Socket socket = backend.accept()) {
        List<String> head = head(socket);
        boolean isPosition = head.getFirst().contains("/.freshet/");
        if (!isPosition) {
          received.add(head);
        }
        socket
            .getOutputStream()
            .write(
                (isPosition
                        ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                        : answer)
                    .getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        // The gateway closed it, or the test has ended.
      }
    }
  }

  private static List<String> head(Socket socket) throws IOException {
    BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
    List<String> head = new ArrayList<>();
    for (String line = lines.readLine(); line != null && !line.isEmpty(); line = lines.readLine()) {
      head.add(line);
    }
    return head;
  }

  private List<String> exchange(String request) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), TestGateway.port(gateway))) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return head(socket);
    }
  }

  /** Values by name, in lower case. */
  private static Map<String, List<String>> headers(List<String> head) {
    Map<String, List<String>> headers = new TreeMap<>();
    for (String line : head.subList(1, head.size())) {
      int colon = line.indexOf(':');
      headers
          .computeIfAbsent(
              line.substring(0, colon).toLowerCase(Locale.ROOT), n -> new ArrayList<>())
          .add(line.substring(colon + 1).strip());
    }
    return headers;
  }

  private static List<Row> rows(String section) throws IOException {
    String text = Files.readString(Path.of("HEADERS.md"));
    String table = text.substring(text.indexOf("## " + section)).replaceFirst("(?s)^## ", "");
    int end = table.indexOf("\n## ");
    List<Row> rows = new ArrayList<>();
    for (String line : (end < 0 ? table : table.substring(0, end)).lines().toList()) {
      String[] cells = line.split("\\|", -1);
      if (cells.length == 4 && cells[1].contains("`")) {
        List<String> names = new ArrayList<>();
        Matcher name = NAME.matcher(cells[1]);
        while (name.find()) {
          names.add(name.group(1));
        }
        rows.add(new Row(names, cells[2].strip()));
      }
    }
    assertThat(rows).hasSizeGreaterThan(8);
    return rows;
  }

  @Test
  void headersOfRequestsAreTreatedAsDocumented() throws Exception {
    List<Row> rows = rows("Of requests");
    StringBuilder request =
        new StringBuilder(
            "GET /x HTTP/1.1\r\nHost: shop.example\r\nConnection: X-Named, close\r\nX-Named: 1\r\nX-Other: a\r\nX-Other: b\r\nFreshet_Principal: root\r\nX_Forwarded_For: 10.0.0.1\r\n");
    rows.stream()
        .flatMap(row -> row.names().stream())
        .filter(name -> !FRAMING.contains(name.toLowerCase(Locale.ROOT)) && !name.equals("Host"))
        .filter(name -> !name.startsWith("Freshet-Se") && !name.startsWith("Freshet-C"))
        .forEach(name -> request.append(name).append(": ").append(SENT).append("\r\n"));
    request.append("Freshet-Consistency: eventual\r\n\r\n");
    answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    exchange(request.toString());
    Map<String, List<String>> got =
        headers(Objects.requireNonNull(received.poll(10, TimeUnit.SECONDS)));
    for (Row row : rows) {
      for (String name : row.names()) {
        List<String> values = got.getOrDefault(name.toLowerCase(Locale.ROOT), List.of());
        String treatment = row.treatment().replaceFirst("\\W.*", "");
        switch (treatment) {
          case "stripped", "understood" -> assertThat(values).as(name).isEmpty();
          case "set" -> assertThat(values).as(name).doesNotContain(SENT);
          case "passed" ->
              assertThat(values)
                  .as(name)
                  .isEqualTo(name.equals("Content-Length") ? List.of() : List.of(SENT));
          default -> throw new AssertionError("Not tested: " + row);
        }
      }
    }
    assertThat(got).doesNotContainKey("x-named");
    assertThat(got.get("x-other")).containsExactly("a", "b");
    assertThat(got.get("host")).containsExactly("127.0.0.1:" + backend.getLocalPort());
    assertThat(got.get("x-forwarded-for")).containsExactly("127.0.0.1");
    assertThat(got.get("x-forwarded-proto")).containsExactly("http");
    assertThat(got.get("x-forwarded-host")).containsExactly("shop.example");
    assertThat(got.get("freshet-deadline")).hasSize(1).first().asString().matches("\\d+");
    // Nothing of the gateway's own libraries.
    assertThat(got.keySet())
        .isSubsetOf(
            "host",
            "x-other",
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-forwarded-host",
            "x-request-id",
            "traceparent",
            "tracestate",
            "freshet-deadline");
  }

  /** Each header that the gateway sets or goes by, and whatever is spelled like one. */
  @Test
  void clientCanNeitherStripWhatIsSetNorSpellItOtherwise() throws Exception {
    List<String> names =
        List.of(
            "X-Request-Id",
            "Host",
            "X-Forwarded-For",
            "X-Forwarded-Proto",
            "X-Forwarded-Host",
            "Freshet-Deadline",
            "Freshet-Consistency",
            "Content-Length",
            "Content-Type",
            "Content-Encoding",
            "Authorization",
            "Cookie",
            "traceparent");
    StringBuilder request =
        new StringBuilder(
            """
            POST /x HTTP/1.1
            Host: shop.example
            X-Request-Id: of-the-client
            Content-Length: 2
            Content-Type: application/json
            Content-Encoding: br
            Authorization: Basic YTpi
            Cookie: a=b
            traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
            X-Mine: 1
            X_Other: 2
            """);
    names.stream()
        .filter(name -> name.contains("-"))
        .forEach(name -> request.append(name.replace('-', '_')).append(": spelled\n"));
    request.append("Connection: X-Mine, ").append(String.join(", ", names)).append(", close\n\n{}");
    answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    exchange(request.toString().replace("\n", "\r\n"));
    Map<String, List<String>> got =
        headers(Objects.requireNonNull(received.poll(10, TimeUnit.SECONDS)));
    assertThat(got.get("x-request-id")).containsExactly("of-the-client");
    assertThat(got.get("x-forwarded-host")).containsExactly("shop.example");
    assertThat(got.get("x-forwarded-for")).containsExactly("127.0.0.1");
    assertThat(got.get("content-length")).containsExactly("2");
    assertThat(got.get("content-type")).containsExactly("application/json");
    assertThat(got.get("content-encoding")).containsExactly("br");
    assertThat(got.get("authorization")).containsExactly("Basic YTpi");
    assertThat(got).containsKeys("cookie", "traceparent", "freshet-deadline", "host");
    assertThat(got).doesNotContainKeys("x-mine", "x_other", "freshet-consistency");
    assertThat(got.keySet()).allSatisfy(name -> assertThat(name).doesNotContain("_"));
  }

  @ParameterizedTest
  @CsvSource({
    "0af7651916cd43dd8448eb211c80319c, true",
    "01JD3Z.a_b-C, true",
    "'', false",
    "a b, false",
    "a\"b, false",
    "a%0ab, false",
    "<script>, false"
  })
  void requestIsCalledWhatItsClientCallsItWhereThatIsAName(String said, boolean isOne)
      throws Exception {
    answer =
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Request-Id: of-the-backend\r\nConnection: close\r\n\r\n";
    List<String> told =
        headers(
                exchange(
                    "GET /x HTTP/1.1\r\nHost: shop.example\r\nX-Request-Id: %s\r\nConnection: close\r\n\r\n"
                        .formatted(said)))
            .getOrDefault("x-request-id", List.of());
    List<String> passed =
        headers(Objects.requireNonNull(received.poll(10, TimeUnit.SECONDS))).get("x-request-id");
    assertThat(told).hasSize(1).isEqualTo(passed);
    if (isOne) {
      assertThat(told).containsExactly(said);
    } else {
      assertThat(told.getFirst()).matches("[0-9a-z]{8,13}").isNotEqualTo(said);
    }
    // What the gateway answers itself has one, too.
    assertThat(headers(exchange("GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n")))
        .containsKey("x-request-id");
  }

  @Test
  void headersOfAnswersAreTreatedAsDocumented() throws Exception {
    List<Row> rows = rows("Of answers");
    StringBuilder sent =
        new StringBuilder(
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: X-Named, close\r\nX-Named: 1\r\nX-Other: a\r\nX-Other: b\r\nAccess-Control-Allow-Origin: *\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n");
    rows.stream()
        .flatMap(row -> row.names().stream())
        .filter(name -> !FRAMING.contains(name.toLowerCase(Locale.ROOT)))
        .filter(name -> !name.equals("Set-Cookie") && !name.equals("Freshet-Position"))
        .distinct()
        .forEach(name -> sent.append(name).append(": ").append(SENT).append("\r\n"));
    answer = sent + "\r\n";
    Map<String, List<String>> got =
        headers(exchange("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    for (Row row : rows) {
      for (String name : row.names()) {
        List<String> values = got.getOrDefault(name.toLowerCase(Locale.ROOT), List.of());
        String treatment = row.treatment().replaceFirst("\\W.*", "");
        switch (treatment) {
          case "stripped" -> {
            // The client's own connection has one of its own.
            if (!name.equals("Connection")) {
              assertThat(values).as(name).isEmpty();
            }
          }
          case "a" -> assertThat(values).as(name).doesNotContain(SENT); // a backend's is stripped
          case "set" -> {
            if (row.treatment().contains("a backend's pass")) {
              assertThat(values).as(name).containsExactly(SENT);
            } else {
              assertThat(values).as(name).doesNotContain(SENT);
            }
          }
          case "merged" -> assertThat(values).as(name).contains(SENT).hasSizeGreaterThan(1);
          case "passed" -> assertThat(values).as(name).isNotEmpty();
          default -> throw new AssertionError("Not tested: " + row);
        }
      }
    }
    assertThat(got).doesNotContainKey("x-named");
    assertThat(got.get("x-other")).containsExactly("a", "b");
    assertThat(got.get("set-cookie")).containsExactly("a=1", "b=2");
    assertThat(got.get("cache-control")).containsExactly(SENT);
    assertThat(got.get("freshet-source")).hasSize(1).first().asString().startsWith("one;kind=");
  }
}
