package dev.freshet.gateway.forward;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.util.context.Context;

/**
 * One read that two instances may be asked for: the second when the first is late. Whichever has an
 * answer first gives it to the client, and the other is given up, for good; when one fails before
 * that, the other is waited for. That is the hedged request of Dean and Barroso, The Tail at Scale
 * (2013).
 */
public final class Hedge implements Disposable {

  /** What came of it, where the first instance was late. */
  public enum Outcome {
    /** The second one answered. */
    WON,
    /** The first one answered after all. */
    LOST,
    /** Neither did. */
    FAILED,
    /** The second one was not asked: too many were just now. */
    REFUSED
  }

  /** One of the two instances. */
  public enum Place {
    FIRST,
    SECOND;

    /** How many places behind the first. */
    public int offset() {
      return this == FIRST ? 0 : 1;
    }
  }

  /**
   * The attempt that counts.
   *
   * @param place whose it is; the second one's where both failed
   */
  public record Ended(Place place, Attempt attempt) {}

  /** The attempts at a read. */
  public interface Attempts {

    /**
     * Makes one.
     *
     * @param leads takes the right to answer the client; false when the other one has it
     */
    Mono<Attempt> at(Place place, BooleanSupplier leads);

    /** Whether a second one may be made; asked when it is time for it. */
    boolean maySecond();

    /** The first instance was late, and this came of it. */
    void came(Outcome outcome);
  }

  private final Attempts attempts;
  private final MonoSink<Ended> sink;
  private final Disposable.Swap first = Disposables.swap();
  private final Disposable.Swap second = Disposables.swap();
  private volatile @Nullable Future<?> late;

  // Guarded by this.
  private @Nullable Place leader;
  private boolean isSecondAsked;
  private int ended;
  private @Nullable Attempt ofSecond;

  private Hedge(Attempts attempts, MonoSink<Ended> sink) {
    this.attempts = attempts;
    this.sink = sink;
  }

  /**
   * Makes one attempt, or two.
   *
   * @param loop that they are made on
   * @param after how long the first instance may take
   */
  public static Mono<Ended> of(EventLoop loop, Duration after, Attempts attempts) {
    return Mono.create(
        sink -> {
          Hedge hedge = new Hedge(attempts, sink);
          sink.onDispose(hedge);
          hedge.late = loop.schedule(hedge::askSecond, after.toNanos(), TimeUnit.NANOSECONDS);
          hedge.run(Place.FIRST);
        });
  }

  private void run(Place place) {
    running(place)
        .replace(
            Mono.defer(() -> attempts.at(place, () -> lead(place)))
                .subscribe(
                    attempt -> ended(place, attempt),
                    sink::error,
                    () -> {},
                    Context.of(sink.contextView())));
  }

  private Disposable.Swap running(Place place) {
    return place == Place.FIRST ? first : second;
  }

  private void askSecond() {
    if (isDecided()) {
      return;
    }
    if (!attempts.maySecond()) {
      attempts.came(Outcome.REFUSED);
      return;
    }
    synchronized (this) {
      if (isDecided()) {
        return;
      }
      isSecondAsked = true;
    }
    run(Place.SECOND);
  }

  private synchronized boolean isDecided() {
    return leader != null || ended > 0;
  }

  private boolean lead(Place place) {
    boolean isHedged;
    synchronized (this) {
      if (leader != null) {
        return leader == place;
      }
      leader = place;
      isHedged = isSecondAsked;
    }
    running(place == Place.FIRST ? Place.SECOND : Place.FIRST).dispose();
    if (isHedged) {
      attempts.came(place == Place.FIRST ? Outcome.LOST : Outcome.WON);
    }
    return true;
  }

  /** The one that leads counts; without one, the last. */
  private void ended(Place place, Attempt attempt) {
    boolean haveBothFailed;
    Attempt counted;
    synchronized (this) {
      ended++;
      if (place == Place.SECOND) {
        ofSecond = attempt;
      }
      if (leader == null ? isSecondAsked && ended == 1 : leader != place) {
        return;
      }
      haveBothFailed = leader == null && isSecondAsked;
      counted = haveBothFailed && ofSecond != null ? ofSecond : attempt;
    }
    if (haveBothFailed) {
      attempts.came(Outcome.FAILED);
    }
    sink.success(new Ended(haveBothFailed ? Place.SECOND : place, counted));
  }

  /** The read is over, or nobody waits for it. */
  @Override
  public void dispose() {
    Future<?> scheduled = late;
    if (scheduled != null) {
      scheduled.cancel(false);
    }
    first.dispose();
    second.dispose();
  }
}
