package dev.freshet.runtime;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationContext;
import org.springframework.context.SmartLifecycle;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * How a part stops, so that nobody notices who is told in time.
 *
 * <p>States: serving; draining, for as long as {@code freshet.drain-delay} says, when it is not
 * ready any more and yet answers everything, each answer the last one of its connection; closing,
 * when connections are refused and requests in flight end, within {@code
 * spring.lifecycle.timeout-per-shutdown-phase}; closed, when what has not ended is cut off.
 */
public final class Drain implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(Drain.class);

  private final ApplicationContext context;
  private final Duration delay;
  private volatile boolean isDraining;
  private volatile boolean isRunning;
  private final Sinks.Empty<Void> begun = Sinks.empty();

  Drain(ApplicationContext context, Duration delay) {
    this.context = context;
    this.delay = delay;
  }

  /** Whether it is about to stop, and whoever asks should go elsewhere. */
  public boolean isDraining() {
    return isDraining;
  }

  /** Completes when it begins: answers that have no end are to end then. */
  public Mono<Void> begun() {
    return begun.asMono();
  }

  @Override
  public void start() {
    isRunning = true;
  }

  @Override
  public void stop(Runnable done) {
    isRunning = false;
    isDraining = true;
    begun.tryEmitEmpty();
    AvailabilityChangeEvent.publish(context, ReadinessState.REFUSING_TRAFFIC);
    if (delay.isZero()) {
      done.run();
      return;
    }
    log.info("Not ready any more; connections are refused in {} ms", delay.toMillis());
    CompletableFuture.delayedExecutor(delay.toMillis(), TimeUnit.MILLISECONDS).execute(done);
  }

  @Override
  public void stop() {
    stop(() -> {});
  }

  @Override
  public boolean isRunning() {
    return isRunning;
  }

  /** Ahead of the servers. */
  @Override
  public int getPhase() {
    return Integer.MAX_VALUE;
  }
}
