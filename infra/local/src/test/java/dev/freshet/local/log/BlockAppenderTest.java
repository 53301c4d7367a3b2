package dev.freshet.local.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BlockAppenderTest {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Written written = new Written();
  private final BlockAppender blocks = new BlockAppender();
  private final LoggerContext context = new LoggerContext();
  private Logger log;

  /** What is written, and how often. */
  private static final class Written extends OutputStream {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final AtomicInteger times = new AtomicInteger();
    private volatile CountDownLatch open = new CountDownLatch(0);

    @Override
    public synchronized void write(int b) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void write(byte[] some, int offset, int length) throws IOException {
      times.incrementAndGet();
      try {
        open.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      synchronized (this) {
        bytes.write(some, offset, length);
      }
    }

    synchronized List<String> lines() {
      return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }
  }

  @BeforeEach
  void start() {
    context.setMDCAdapter(new ch.qos.logback.classic.util.LogbackMDCAdapter());
    PatternLayoutEncoder lines = new PatternLayoutEncoder();
    lines.setContext(context);
    lines.setPattern("%thread %msg%n");
    lines.start();
    BlockEncoder encoder = new BlockEncoder();
    encoder.setContext(context);
    encoder.setLines(lines);
    encoder.start();
    OutputStreamAppender<ILoggingEvent> below = new OutputStreamAppender<>();
    below.setContext(context);
    below.setEncoder(encoder);
    below.setOutputStream(written);
    below.start();
    blocks.setContext(context);
    blocks.setName("access");
    blocks.addAppender(below);
    blocks.start();
    log = context.getLogger("test");
    log.setLevel(Level.INFO);
    log.addAppender(blocks);
  }

  @Test
  void linesAreWrittenInTheirOrderSomeAtATime() {
    List<String> said = IntStream.range(0, 1_000).mapToObj(i -> "line " + i).toList();
    said.forEach(log::info);
    String thread = Thread.currentThread().getName() + " ";
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(written.lines())
                    .containsExactlyElementsOf(said.stream().map(line -> thread + line).toList()));
    assertThat(written.times.get()).isLessThan(100);
  }

  @Test
  void whatIsLoggedAtTheEndIsWrittenAndWhatComesAfterItToo() {
    log.info("before");
    blocks.stop();
    assertThat(written.lines()).hasSize(1);
    log.info("after");
    assertThat(written.lines()).hasSize(2);
  }

  @Test
  void nobodyWaitsForLinesThatAreNotWrittenAndHowManyWereLeftOutIsSaid() {
    written.open = new CountDownLatch(1);
    log.info("held up");
    await().atMost(PATIENCE).until(() -> written.times.get() == 1);
    for (int i = 0; i < BlockAppender.MOST_WAITING + 7; i++) {
      log.info("line");
    }
    written.open.countDown();
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(written.lines()).hasSize(BlockAppender.MOST_WAITING + 2));
    assertThat(written.lines().getLast()).contains("7 lines were left out");
  }
}
