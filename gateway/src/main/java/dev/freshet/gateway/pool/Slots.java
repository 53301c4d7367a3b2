package dev.freshet.gateway.pool;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;
import reactor.util.context.Context;

/**
 * How many requests an instance has at a time: its limit, where it has one, and where connections
 * don't bound them, since one of HTTP/2 carries many. A few more wait, in their order, for a time.
 */
public final class Slots {

  /** How many requests may wait for each that is under way. */
  static final int WAITING_FOR_EACH = 2;

  static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Limit limit;
  private final @Nullable AdaptiveLimit adaptive;

  // Guarded by this.
  private final Queue<Turn> waiting = new ArrayDeque<>();
  private int taken;

  private Slots(Limit limit) {
    this.limit = limit;
    this.adaptive = limit instanceof Limit.Adaptive ? new AdaptiveLimit() : null;
  }

  /** Those of an instance. */
  static Slots of(InstanceSpec spec) {
    boolean isBoundByConnections = spec.endpoint().protocol() == Endpoint.Protocol.HTTP_1_1;
    return new Slots(
        spec.limit() instanceof Limit.None && !isBoundByConnections
            ? new Limit.Fixed(Connections.MOST_A_LOOP * LoopResources.DEFAULT_IO_WORKER_COUNT)
            : spec.limit());
  }

  /** How many there are now; empty where something else bounds requests. */
  public OptionalInt most() {
    return switch (limit) {
      case Limit.None() -> OptionalInt.empty();
      case Limit.Fixed(int most) -> OptionalInt.of(most);
      case Limit.Adaptive() -> OptionalInt.of(adaptive().now());
    };
  }

  private AdaptiveLimit adaptive() {
    if (adaptive == null) {
      throw new IllegalStateException("The limit is not adaptive");
    }
    return adaptive;
  }

  /** Whether the limit is adaptive. */
  public boolean learns() {
    return adaptive != null;
  }

  /**
   * An answer came, or the time for one was over; an adaptive limit learns from it.
   *
   * @param took from when the request was sent whole
   */
  public void learn(Duration took) {
    if (adaptive != null) {
      adaptive.sample(took, taken());
    }
  }

  synchronized int taken() {
    return taken;
  }

  synchronized int waiting() {
    return waiting.size();
  }

  /**
   * Makes a request when there is room for it; fails when there is none in time.
   *
   * @param loop that the request is made on
   */
  public <T> Mono<T> with(EventLoop loop, Mono<T> request) {
    if (limit instanceof Limit.None) {
      return request;
    }
    Mono<T> taking =
        Mono.create(
            sink -> {
              Turn turn = new Turn(loop, sink::error);
              sink.onDispose(turn);
              turn.take(
                  () ->
                      request.subscribe(
                          sink::success,
                          sink::error,
                          sink::success,
                          Context.of(sink.contextView())));
            });
    return loop.inEventLoop() ? taking : taking.subscribeOn(Schedulers.fromExecutor(loop));
  }

  /** As many go as there is room for, which an adaptive limit may have changed. */
  private void letGo() {
    int most = most().orElseThrow();
    for (Turn next = next(most); next != null; next = next(most)) {
      next.loop.execute(next::go);
    }
  }

  private synchronized @Nullable Turn next(int most) {
    Turn next = taken < most ? waiting.poll() : null;
    if (next != null) {
      next.hold();
    }
    return next;
  }

  /** One request's: it waits, then holds a slot, then is over; or is over before. */
  private final class Turn implements Disposable {

    private enum State {
      WAITS,
      HOLDS,
      OVER
    }

    private final EventLoop loop;
    private final Consumer<Throwable> refused;
    private final Disposable.Swap running = Disposables.swap();
    private @Nullable Supplier<Disposable> request; // touched on the event loop alone
    private @Nullable Future<?> end; // touched on the event loop alone
    private State state = State.WAITS; // guarded by Slots.this

    Turn(EventLoop loop, Consumer<Throwable> refused) {
      this.loop = loop;
      this.refused = refused;
    }

    /** Makes a request, now or later; on the event loop. */
    void take(Supplier<Disposable> made) {
      request = made;
      int most = most().orElseThrow();
      boolean waits = false;
      synchronized (Slots.this) {
        if (state == State.OVER) {
          return; // nobody waits for it any more
        }
        if (taken < most) {
          hold();
        } else if (waiting.size() < WAITING_FOR_EACH * most) {
          waits = waiting.add(this);
        }
      }
      if (waits) {
        end =
            loop.schedule(
                () ->
                    refused.accept(
                        new NoneFree(
                            "no request ended within %d s".formatted(PATIENCE.toSeconds()))),
                PATIENCE.toNanos(),
                TimeUnit.NANOSECONDS);
      } else if (holds()) {
        go();
      } else {
        refused.accept(new NoneFree("its queue is full"));
      }
    }

    private void hold() {
      state = State.HOLDS;
      taken++;
    }

    private boolean holds() {
      synchronized (Slots.this) {
        return state == State.HOLDS;
      }
    }

    private void go() {
      stopWaiting();
      if (holds()) {
        running.replace(Objects.requireNonNull(request).get());
      }
    }

    private void stopWaiting() {
      if (end != null) {
        end.cancel(false);
      }
    }

    /** The request is over, however it ended. */
    @Override
    public void dispose() {
      running.dispose();
      boolean held;
      synchronized (Slots.this) {
        held = state == State.HOLDS;
        if (held) {
          taken--;
        } else {
          waiting.remove(this);
        }
        state = State.OVER;
      }
      if (held) {
        letGo();
      } else if (loop.inEventLoop()) {
        stopWaiting();
      } else {
        loop.execute(this::stopWaiting);
      }
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
