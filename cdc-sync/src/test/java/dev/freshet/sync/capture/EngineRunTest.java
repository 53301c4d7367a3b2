package dev.freshet.sync.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.debezium.engine.DebeziumEngine;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class EngineRunTest {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final AtomicInteger refusals = new AtomicInteger();

  /** One that ends by itself, or waits for ever once it is stopped. */
  private DebeziumEngine<Object> engine(boolean ends) {
    return new DebeziumEngine<>() {
      @Override
      public void run() {
        running.countDown();
        try {
          stopped.await();
          if (!ends) {
            new CountDownLatch(1).await();
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt(); // as a careless one would leave it
        }
      }

      @Override
      public void close() {
        if (refusals.getAndDecrement() > 0) {
          throw new IllegalStateException("Cannot stop engine while tasks are starting");
        }
        stopped.countDown();
      }
    };
  }

  private static CompletableFuture<Boolean> start(EngineRun run) {
    CompletableFuture<Boolean> isInterrupted = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              run.run();
              isInterrupted.complete(Thread.currentThread().isInterrupted());
            });
    return isInterrupted;
  }

  @Test
  void closeAsksAgainWhileItIsRefused() throws Exception {
    refusals.set(3);
    EngineRun run = new EngineRun(engine(true), PATIENCE, PATIENCE, () -> false);
    CompletableFuture<Boolean> over = start(run);
    running.await();
    run.close();
    assertThat(over).succeedsWithin(PATIENCE).isEqualTo(false);
    assertThat(refusals.get()).isEqualTo(-1);
  }

  @Test
  void runThatWaitsThoughItWasStoppedIsInterruptedOnceItHandlesNothing() throws Exception {
    AtomicInteger handling = new AtomicInteger(2);
    EngineRun run =
        new EngineRun(
            engine(false), PATIENCE, Duration.ofMillis(50), () -> handling.getAndDecrement() > 0);
    CompletableFuture<Boolean> over = start(run);
    running.await();
    run.close();
    assertThat(over).succeedsWithin(PATIENCE).isEqualTo(false);
    assertThat(handling.get()).isEqualTo(-1);
  }

  @Test
  void oneThatIsNeverStoppedIsLeftToItself() throws Exception {
    refusals.set(Integer.MAX_VALUE);
    EngineRun run = new EngineRun(engine(true), Duration.ofMillis(50), PATIENCE, () -> false);
    CompletableFuture<Boolean> over = start(run);
    running.await();
    run.close();
    assertThat(over).isNotDone();
    stopped.countDown();
    assertThat(over).succeedsWithin(PATIENCE);
  }
}
