package dev.freshet.gateway.pool;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.scheduler.Schedulers;

/**
 * How many requests of one event loop an instance has at a time, where the number of connections
 * does not say it: one of HTTP/2 carries many. A few more wait, in their order, for a time.
 */
public final class Slots {

  private static final int NONE = 0;

  private final EventLoop loop;
  private final int most;
  private final int mostWaiting;
  private final Duration patience;

  // Touched on the event loop alone.
  private final Queue<MonoSink<Boolean>> waiting = new ArrayDeque<>();
  private int taken;

  private Slots(EventLoop loop, int most, int mostWaiting, Duration patience) {
    this.loop = loop;
    this.most = most;
    this.mostWaiting = mostWaiting;
    this.patience = patience;
  }

  /** Where something else bounds requests. */
  static Slots unbounded(EventLoop loop) {
    return new Slots(loop, NONE, NONE, Duration.ZERO);
  }

  /**
   * So many.
   *
   * @param mostWaiting how many more may wait
   * @param patience how long
   */
  static Slots of(EventLoop loop, int most, int mostWaiting, Duration patience) {
    return new Slots(loop, most, mostWaiting, patience);
  }

  /** Makes a request when there is room for it; fails when there is none in time. */
  public <T> Mono<T> with(Mono<T> request) {
    if (most == NONE) {
      return request;
    }
    Mono<T> taking =
        Mono.usingWhen(
            Mono.create(this::take), slot -> request, slot -> Mono.fromRunnable(this::give));
    return loop.inEventLoop() ? taking : taking.subscribeOn(Schedulers.fromExecutor(loop));
  }

  private void take(MonoSink<Boolean> sink) {
    if (taken < most) {
      taken++;
      sink.success(true);
    } else if (waiting.size() >= mostWaiting) {
      sink.error(new NoneFree("as many wait as may"));
    } else {
      waiting.add(sink);
      Future<?> end = loop.schedule(() -> giveUp(sink), patience.toNanos(), TimeUnit.NANOSECONDS);
      sink.onDispose(
          () -> {
            end.cancel(false);
            onLoop(() -> waiting.remove(sink));
          });
    }
  }

  private void giveUp(MonoSink<Boolean> sink) {
    if (waiting.remove(sink)) {
      sink.error(new NoneFree("none free in time"));
    }
  }

  private void give() {
    onLoop(
        () -> {
          MonoSink<Boolean> next = waiting.poll();
          if (next == null) {
            taken--;
          } else {
            next.success(true);
          }
        });
  }

  private void onLoop(Runnable task) {
    if (loop.inEventLoop()) {
      task.run();
    } else {
      loop.execute(task);
    }
  }

  /** There was no room for a request, and nothing was sent. */
  private static final class NoneFree extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoneFree(String message) {
      super(message);
    }
  }
}
