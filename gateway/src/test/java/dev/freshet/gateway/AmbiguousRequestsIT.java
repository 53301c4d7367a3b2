package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Every request that might be read in two ways is refused, or is exactly one at the backend, and
 * the one after it on its connection has its own answer.
 */
@SuppressWarnings("StringConcatToTextBlock") // each line of HTTP ends as it does on the wire
class AmbiguousRequestsIT {

  private static final int AT_A_TIME = 32;

  /** What the backend answers: the first line of what it was sent. */
  private static final Pattern ANSWER =
      Pattern.compile(
          "HTTP/1\\.[01] (\\d{3}) [^\r\n"
              + "]*\r\n"
              + "(?:[^\r\n"
              + "]+\r\n"
              + ")*?(?:content-length: (\\d+)\r\n"
              + ")(?:[^\r\n"
              + "]+\r\n"
              + ")*\r\n",
          Pattern.CASE_INSENSITIVE);

  @TempDir static Path folder;

  private static ScriptedBackend backend;
  private static ConfigurableApplicationContext gateway;

  @BeforeAll
  static void start() throws Exception {
    backend = new ScriptedBackend();
    TestGateway.routeAllTo("http://127.0.0.1:" + backend.port(), folder);
    gateway =
        TestGateway.start(
            folder, Map.of("data", folder.toString(), "head-timeout", "500ms", "timeout", "2s"));
  }

  @AfterAll
  static void stop() throws Exception {
    gateway.close();
    backend.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MAX_VALUE, 5})
  void noneIsTakenForAnother(int pieceBytes) throws Exception {
    List<String> requests = AmbiguousRequests.all();
    assertThat(requests).hasSizeGreaterThan(500).doesNotHaveDuplicates();
    backend.requests().clear();
    List<String> wrong = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(AT_A_TIME)) {
      List<Future<String>> running = new ArrayList<>();
      for (int i = 0; i < requests.size(); i++) {
        String id = "%04d".formatted(i);
        String request = requests.get(i);
        running.add(threads.submit(() -> verdict(id, request, pieceBytes)));
      }
      for (int i = 0; i < running.size(); i++) {
        String verdict = running.get(i).get();
        if (!verdict.isEmpty()) {
          wrong.add(verdict + " by " + requests.get(i));
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(backend.requests()).noneMatch(line -> line.contains("smuggled"));
    // Not all are refused, or nothing would be shown of those that pass.
    assertThat(backend.requests()).filteredOn(line -> line.contains("/n/")).hasSizeGreaterThan(50);
    assertThat(backend.requests())
        .filteredOn(line -> line.contains("/after/"))
        .hasSizeGreaterThan(50);
  }

  /**
   * What is wrong with what became of a request, and of the one after it; empty when nothing is.
   */
  private static String verdict(String id, String request, int pieceBytes) throws IOException {
    String after = "GET /after/" + id;
    String answers = exchange(request + after + " HTTP/1.1\r\nHost: x\r\n\r\n", pieceBytes);
    List<String> own =
        backend.requests().stream()
            .filter(line -> line.contains(id) && !line.equals(after))
            .toList();
    List<String> next = backend.requests().stream().filter(after::equals).toList();
    List<MatchResult> heads = ANSWER.matcher(answers).results().toList();
    if (own.size() > 1 || next.size() > 1) {
      return "The backend got " + own + next;
    }
    if (heads.isEmpty() || heads.size() > 2) {
      return heads.size() + " answers: " + answers;
    }
    String first = content(answers, heads.getFirst(), request);
    boolean isRefused = first.startsWith("{\"type\":\"urn:freshet:");
    if (isRefused != own.isEmpty()) {
      return "The backend got " + own + ", and the client " + first;
    }
    if (!isRefused && !first.isEmpty() && !first.equals(own.getFirst())) {
      return own + " was answered as " + first;
    }
    String second = heads.size() < 2 ? "" : content(answers, heads.get(1), after);
    if (!second.isEmpty()
        && !second.equals(after)
        && !second.startsWith("{\"type\":\"urn:freshet:")) {
      return after + " was answered as " + second;
    }
    return second.equals(after) == next.isEmpty()
        ? "The backend got " + next + ", and the client " + second
        : "";
  }

  private static String content(String answers, MatchResult head, String request) {
    int length = request.startsWith("HEAD ") ? 0 : Integer.parseInt(head.group(2));
    return answers.substring(head.end(), Math.min(head.end() + length, answers.length()));
  }

  /** Sends, and reads until the gateway closes, or both are answered. */
  private static String exchange(String request, int pieceBytes) throws IOException {
    byte[] bytes = request.getBytes(StandardCharsets.ISO_8859_1);
    StringBuilder answers = new StringBuilder();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), TestGateway.port(gateway))) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(10_000);
      try {
        for (int at = 0; at < bytes.length; ) {
          int piece = Math.min(pieceBytes, bytes.length - at);
          socket.getOutputStream().write(bytes, at, piece);
          at += piece;
        }
      } catch (SocketException e) {
        // It was refused before all of it was sent.
      }
      while (!answers.toString().contains("GET /after/")) {
        int next = socket.getInputStream().read();
        if (next < 0) {
          break;
        }
        answers.append((char) next);
        while (socket.getInputStream().available() > 0) {
          answers.append((char) socket.getInputStream().read());
        }
      }
    }
    return answers.toString();
  }
}
