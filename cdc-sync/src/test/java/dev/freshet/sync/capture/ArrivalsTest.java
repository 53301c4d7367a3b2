package dev.freshet.sync.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ArrivalsTest {

  private static final Duration LONG = Duration.ofSeconds(10);
  private static final Duration SHORT = Duration.ofMillis(20);

  private final Arrivals arrivals = new Arrivals();

  @Test
  void theEndOfATransactionThatCameBeforeIsNotWaitedFor() throws Exception {
    arrivals.add(true);

    assertThat(isWaitedFor()).isFalse();
    assertThat(isWaitedFor()).as("it was polled for").isTrue();
  }

  @Test
  void aTransactionUnderWayIsWaitedFor() throws Exception {
    for (int change = 0; change < 255; change++) {
      arrivals.add(false);
    }
    assertThat(isWaitedFor()).isTrue();

    arrivals.add(false);
    assertThat(isWaitedFor()).as("so many should not pile up").isFalse();
  }

  @Test
  void whoWaitsIsWoken() throws Exception {
    CompletableFuture<Void> waiting =
        CompletableFuture.runAsync(
            () -> {
              try {
                arrivals.await(Duration.ofMinutes(1));
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    arrivals.add(true);

    waiting.get(LONG.toSeconds(), TimeUnit.SECONDS);
  }

  @Test
  void nobodyWaitsForAStreamThatEnded() throws Exception {
    arrivals.end();

    assertThat(isWaitedFor()).isFalse();
    assertThat(isWaitedFor()).as("ever").isFalse();
  }

  private boolean isWaitedFor() throws InterruptedException {
    long began = System.nanoTime();
    arrivals.await(SHORT);
    return System.nanoTime() - began >= SHORT.toNanos();
  }
}
