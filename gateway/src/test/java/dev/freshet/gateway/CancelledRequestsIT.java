package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.WireMock;
import dev.freshet.gateway.live.LiveRoutes;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Clients that go away at any moment, one in five requests, by HTTP/1.1 and by HTTP/2: nothing of
 * theirs stays in memory. Leaks of buffers are found as in all tests, by {@link LeakCheck}.
 */
class CancelledRequestsIT {

  private static final Logger log = LoggerFactory.getLogger(CancelledRequestsIT.class);

  private static final TestCertificates OURS = new TestCertificates("ours");

  private static final Duration HALF =
      Boolean.getBoolean("freshet.long") ? Duration.ofMinutes(5) : Duration.ofSeconds(15);

  private static final int CLIENTS = 8;
  private static final long MOST_GROWTH = 16L << 20;

  @TempDir private Path folder;
  private final WireMockServer backend = TestServers.start();
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicInteger cancelled = new AtomicInteger();

  @Test
  void memoryIsAsItWasHoweverManyRequestsAreCancelled() throws Exception {
    backend.stubFor(WireMock.any(WireMock.anyUrl()).willReturn(WireMock.ok("a".repeat(1_000))));
    backend.stubFor(
        WireMock.any(WireMock.urlEqualTo("/large"))
            .willReturn(WireMock.ok("a".repeat(300_000)).withChunkedDribbleDelay(5, 50)));
    backend.stubFor(
        WireMock.any(WireMock.urlEqualTo("/slow"))
            .willReturn(WireMock.ok("late").withFixedDelay(50)));
    TestCertificates.write(OURS.give("gateway"), folder, "gateway");
    TestGateway.routeAllTo(backend.baseUrl(), folder);
    try (ConfigurableApplicationContext plain =
            TestGateway.start(folder, Map.of("data", folder.toString()));
        ConfigurableApplicationContext tls =
            TestGateway.startWith(folder, TestGateway.tls(folder, "gateway"))) {
      load(plain, tls);
      long heap = heapBytes();
      long direct = directBytes();
      load(plain, tls);
      log.info("{} requests were answered and {} cancelled", answered, cancelled);
      assertThat(answered).hasValueGreaterThan(200);
      assertThat(cancelled).hasValueGreaterThan(40);
      assertThat(heapBytes()).as("heap").isLessThan(heap + MOST_GROWTH);
      assertThat(directBytes()).as("direct memory").isLessThan(direct + MOST_GROWTH);
    } finally {
      backend.stop();
    }
  }

  /** Ends when no request is in flight any more. */
  private void load(ConfigurableApplicationContext plain, ConfigurableApplicationContext tls)
      throws Exception {
    long end = System.nanoTime() + HALF.toNanos();
    ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      Random random = new Random(i);
      boolean http2 = i % 2 == 0;
      running.add(
          clients.submit(
              () -> {
                while (System.nanoTime() < end) {
                  if (http2) {
                    byHttp2(TestGateway.port(tls), random);
                  } else {
                    byHttp11(TestGateway.port(plain), random);
                  }
                }
                return null;
              }));
    }
    clients.shutdown();
    for (Future<?> client : running) {
      client.get(HALF.toSeconds() + 60, TimeUnit.SECONDS);
    }
    for (ConfigurableApplicationContext gateway :
        new ConfigurableApplicationContext[] {plain, tls}) {
      await()
          .atMost(Duration.ofSeconds(15))
          .until(
              () ->
                  gateway.getBean(LiveRoutes.class).instances().stream()
                      .allMatch(instance -> instance.inFlight() == 0));
    }
    backend.resetRequests();
  }

  private static String path(Random random) {
    return switch (random.nextInt(3)) {
      case 0 -> "/large";
      case 1 -> "/slow";
      default -> "/a";
    };
  }

  private void byHttp11(int port, Random random) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(10_000);
      for (int i = 0; i < 10; i++) {
        boolean isToBeCancelled = random.nextInt(5) == 0;
        int content = random.nextBoolean() ? 0 : random.nextInt(50_000);
        byte[] request =
            "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(path(random), content, "x".repeat(content))
                .getBytes(StandardCharsets.US_ASCII);
        if (!isToBeCancelled) {
          socket.getOutputStream().write(request);
          readAnswer(socket.getInputStream());
          answered.incrementAndGet();
          continue;
        }
        cancelled.incrementAndGet();
        socket.setSoLinger(random.nextBoolean(), 0);
        if (random.nextBoolean()) {
          socket.getOutputStream().write(request, 0, random.nextInt(request.length));
        } else {
          socket.getOutputStream().write(request);
          socket.getInputStream().readNBytes(random.nextInt(2_000));
        }
        return;
      }
    } catch (IOException e) {
      // The gateway has noticed before.
    }
  }

  private static void readAnswer(InputStream in) throws IOException {
    byte[] last = new byte[5];
    // All of them are chunked.
    while (!new String(last, StandardCharsets.US_ASCII).equals("0\r\n\r\n")) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("the answer broke off");
      }
      System.arraycopy(last, 1, last, 0, 4);
      last[4] = (byte) next;
    }
  }

  private void byHttp2(int port, Random random) throws Exception {
    try (RawHttp2 client = new RawHttp2(OURS.client(null), port).send(RawHttp2.SETTINGS, 0, 0)) {
      // Enough for all answers of the connection.
      client.send(RawHttp2.WINDOW_UPDATE, 0, 0, (byte) 0x20, (byte) 0, (byte) 0, (byte) 0);
      client.send(
          RawHttp2.SETTINGS, 0, 0, (byte) 0, (byte) 4, (byte) 0, (byte) 0x10, (byte) 0, (byte) 0);
      for (int i = 0; i < 10; i++) {
        int stream = 2 * i + 1;
        client.head(0, stream, RawHttp2.with("POST", path(random)));
        client.send(RawHttp2.DATA, 0, stream, new byte[random.nextInt(10_000)]);
        if (random.nextInt(5) == 0) {
          cancelled.incrementAndGet();
          if (random.nextBoolean()) {
            return;
          }
          client.send(RawHttp2.RST_STREAM, 0, stream, (byte) 0, (byte) 0, (byte) 0, (byte) 8);
        } else {
          client.send(RawHttp2.DATA, RawHttp2.END_STREAM, stream);
          client.end(stream);
          answered.incrementAndGet();
        }
      }
    } catch (IOException e) {
      // The gateway has noticed before.
    }
  }

  private static long heapBytes() {
    System.gc();
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static long directBytes() {
    return ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT).metric().usedDirectMemory();
  }
}
