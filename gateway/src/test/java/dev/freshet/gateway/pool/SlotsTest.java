package dev.freshet.gateway.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.protocol.SourceKind;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

class SlotsTest {

  private static final MultiThreadIoEventLoopGroup LOOPS =
      new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());

  private final EventLoop loop = (EventLoop) LOOPS.next();
  private final EventLoop other = (EventLoop) LOOPS.next();

  @AfterAll
  static void stop() {
    LOOPS.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private static Slots of(Limit limit) {
    return Slots.of(
        new InstanceSpec(
            "any",
            Endpoint.of(URI.create("http://127.0.0.1:1")),
            SourceKind.REPLICA,
            null,
            InstanceSpec.USUAL_WEIGHT,
            limit));
  }

  /** A request that is answered when the sink is. */
  private static CompletableFuture<@Nullable Boolean> ask(
      Slots slots, EventLoop loop, Sinks.One<Boolean> answer) {
    return slots.with(loop, answer.asMono()).toFuture();
  }

  private static Sinks.One<Boolean> unanswered() {
    return Sinks.one();
  }

  @Test
  void whatWaitsGoesInItsOrderWhenOneIsOver() {
    Slots slots = of(new Limit.Fixed(1));
    Sinks.One<Boolean> running = unanswered();
    CompletableFuture<@Nullable Boolean> first = ask(slots, loop, running);
    AtomicInteger begun = new AtomicInteger();
    List<Integer> order = new ArrayList<>();
    List<CompletableFuture<@Nullable Void>> later = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      int number = i;
      EventLoop its = i == 0 ? other : loop;
      later.add(
          slots
              .with(
                  its,
                  Mono.<Void>fromRunnable(
                      () -> {
                        assertThat(its.inEventLoop()).isTrue();
                        begun.incrementAndGet();
                        synchronized (order) {
                          order.add(number);
                        }
                      }))
              .toFuture());
      int waiting = i + 1;
      await().until(() -> slots.waiting() == waiting);
    }
    assertThat(begun).hasValue(0);
    running.tryEmitValue(true);
    await().until(() -> later.stream().allMatch(CompletableFuture::isDone));
    assertThat(first).isCompletedWithValue(true);
    assertThat(order).containsExactly(0, 1);
  }

  @Test
  void moreThanMayWaitAreRefusedAtOnceAndTheOthersInTime() {
    Slots slots = of(new Limit.Fixed(1));
    List<CompletableFuture<@Nullable Boolean>> asked = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      asked.add(ask(slots, loop, unanswered()));
    }
    await()
        .untilAsserted(
            () ->
                assertThat(asked.get(3))
                    .failsWithin(Duration.ZERO)
                    .withThrowableThat()
                    .withMessageContaining("its queue is full"));
    assertThat(asked.get(1)).isNotDone();
    await()
        .untilAsserted(
            () ->
                assertThat(asked.get(2))
                    .failsWithin(Duration.ZERO)
                    .withThrowableThat()
                    .withMessageContaining("no request ended within 1 s"));
    assertThat(asked.get(0)).isNotDone();
  }

  @Test
  void withoutALimitNothingWaits() {
    Slots slots = of(Limit.NONE);
    assertThat(slots.most()).isEmpty();
    Mono<Boolean> request = Mono.just(true);
    assertThat(slots.with(loop, request)).isSameAs(request);
  }

  /** Cancelled while they wait, while they are let go, and while they run; on two event loops. */
  @Test
  void noSlotIsLostHoweverRequestsEnd() {
    Slots slots = of(new Limit.Fixed(100));
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    for (int i = 0; i < 20_000; i++) {
      Mono<Long> request =
          Mono.defer(
              () -> {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                AtomicBoolean ended = new AtomicBoolean();
                Runnable end =
                    () -> {
                      if (ended.compareAndSet(false, true)) {
                        running.decrementAndGet();
                      }
                    };
                return Mono.delay(Duration.ofNanos(ThreadLocalRandom.current().nextInt(2_000_000)))
                    .doOnNext(late -> end.run())
                    .doOnCancel(end);
              });
      Disposable asked =
          slots.with(i % 2 == 0 ? loop : other, request).subscribe(done -> {}, refused -> {});
      if (i % 3 == 0) {
        LOOPS.next().execute(asked::dispose);
      }
    }
    await().until(() -> running.get() == 0 && slots.waiting() == 0);
    assertThat(most.get()).isBetween(10, 100);
    for (int i = 0; i < 100; i++) {
      CompletableFuture<@Nullable Boolean> asked =
          slots.with(loop, Mono.<Boolean>never()).toFuture();
      assertThat(asked).isNotDone();
    }
    await().until(() -> slots.taken() == 100);
  }
}
