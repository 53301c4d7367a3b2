package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Bodies that don't fit: a gateway of a 256 MB heap passes them on as fast as the slower side takes
 * them, and holds next to nothing meanwhile.
 */
class LargeBodiesIT {

  private static final long BYTES = 64L << 20;
  private static final byte[] CHUNK = new byte[64 << 10];

  /** What sockets and the gateway may hold of a body that nobody takes. */
  private static final long MOST_HELD_BYTES = 24L << 20;

  @TempDir Path folder;

  private ServerSocket backend;
  private Process gateway;
  private BufferedReader output;
  private int port;
  private final AtomicLong backendMoved = new AtomicLong();
  private final CountDownLatch backendMayRead = new CountDownLatch(1);

  @BeforeEach
  void start() throws Exception {
    backend = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::serve);
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes: [ { id: all, path: /**, read: { pool: one }, write: { pool: one } } ]
        pools: { one: { instances: [ { id: one, url: "http://127.0.0.1:%d" } ] } }
        """
            .formatted(backend.getLocalPort()));
    gateway =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-Dorg.springframework.boot.logging.LoggingSystem=none",
                "-Dlogback.configurationFile=" + System.getProperty("logback.configurationFile"),
                "-cp",
                System.getProperty("java.class.path"),
                SmallGateway.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .start();
    output =
        new BufferedReader(new InputStreamReader(gateway.getInputStream(), StandardCharsets.UTF_8));
    String line = output.readLine();
    while (line != null && !line.startsWith("port=")) {
      line = output.readLine();
    }
    port = Integer.parseInt(String.valueOf(line).substring("port=".length()));
  }

  /** Stops the gateway, which then says whether it is free of leaks. */
  @AfterEach
  void stop() throws Exception {
    gateway.getOutputStream().close();
    List<String> last = output.lines().toList();
    assertThat(gateway.waitFor(30, TimeUnit.SECONDS)).isTrue();
    backend.close();
    assertThat(last).as("what the gateway said at its end").contains("clean");
  }

  private void serve() {
    while (!backend.isClosed()) {
      try {
        Socket socket = backend.accept();
        Thread.ofVirtual().start(() -> answer(socket));
      } catch (IOException e) {
        // The test has ended.
      }
    }
  }

  private void answer(Socket socket) {
    try (socket) {
      InputStream in = new BufferedInputStream(socket.getInputStream());
      OutputStream out = socket.getOutputStream();
      String head = head(in);
      String path = head.split(" ", 3)[1];
      switch (path) {
        case "/down-length" -> {
          write(out, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n".formatted(BYTES));
          move(out, false, backendMoved);
        }
        case "/down-chunked" -> {
          write(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
          move(out, true, backendMoved);
        }
        case "/up-length", "/up-chunked" -> {
          backendMayRead.await();
          long got = head.contains("chunked") ? readChunked(in) : in.skip(BYTES);
          while (!head.contains("chunked") && got < BYTES) {
            got += in.skip(BYTES - got);
          }
          write(out, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%d".formatted(8, got));
        }
        default -> write(out, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
      }
      in.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      // The gateway or the test has closed it.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.US_ASCII));
    out.flush();
  }

  /** Writes the whole body, and counts what the other side has taken. */
  private static void move(OutputStream out, boolean chunked, AtomicLong moved) throws IOException {
    for (long sent = 0; sent < BYTES; sent += CHUNK.length) {
      if (chunked) {
        write(out, "%x\r\n".formatted(CHUNK.length));
      }
      out.write(CHUNK);
      if (chunked) {
        write(out, "\r\n");
      }
      moved.addAndGet(CHUNK.length);
    }
    if (chunked) {
      write(out, "0\r\n\r\n");
    }
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("The connection ended within a head");
      }
      head.append((char) next);
    }
    return head.toString();
  }

  private static long readChunked(InputStream in) throws IOException {
    long all = 0;
    while (true) {
      StringBuilder size = new StringBuilder();
      for (int next = in.read(); next != '\n'; next = in.read()) {
        size.append((char) next);
      }
      long length = Long.parseLong(size.toString().strip(), 16);
      in.skipNBytes(length + 2);
      if (length == 0) {
        return all;
      }
      all += length;
    }
  }

  /** Waits until a side that nobody reads from has come to a stand. */
  private static long stalled(AtomicLong moved) {
    AtomicLong before = new AtomicLong(-1);
    await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(500))
        .until(() -> moved.get() > 0 && before.getAndSet(moved.get()) == moved.get());
    return moved.get();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/down-length", "/down-chunked"})
  void slowReaderHoldsTheBackendBack(String path) throws Exception {
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
      client.setReceiveBufferSize(64 << 10);
      write(
          client.getOutputStream(),
          "GET %s HTTP/1.1\r\nHost: a\r\nFreshet-Consistency: eventual\r\n\r\n".formatted(path));
      InputStream in = new BufferedInputStream(client.getInputStream());
      String head = head(in);
      assertThat(head).startsWith("HTTP/1.1 200");
      assertThat(stalled(backendMoved)).isLessThan(MOST_HELD_BYTES);
      if (head.contains("chunked")) {
        assertThat(readChunked(in)).isEqualTo(BYTES);
      } else {
        in.skipNBytes(BYTES);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/up-length", "/up-chunked"})
  void slowBackendHoldsTheClientBack(String path) throws Exception {
    boolean chunked = path.endsWith("chunked");
    AtomicLong sent = new AtomicLong();
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
      client.setSendBufferSize(64 << 10);
      OutputStream out = client.getOutputStream();
      write(
          out,
          "POST %s HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n"
              .formatted(
                  path, chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + BYTES));
      Thread writer =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      move(out, chunked, sent);
                    } catch (IOException e) {
                      sent.set(Long.MIN_VALUE);
                    }
                  });
      assertThat(stalled(sent)).isLessThan(MOST_HELD_BYTES);
      backendMayRead.countDown();
      writer.join();
      InputStream in = new BufferedInputStream(client.getInputStream());
      assertThat(head(in)).startsWith("HTTP/1.1 200");
      assertThat(new String(in.readNBytes(8), StandardCharsets.US_ASCII))
          .isEqualTo(Long.toString(BYTES));
    }
  }
}
