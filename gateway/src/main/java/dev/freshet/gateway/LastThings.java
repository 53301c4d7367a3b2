package dev.freshet.gateway;

import dev.freshet.gateway.live.RoutesLoader;
import dev.freshet.gateway.live.RoutesWatch;
import java.time.Duration;
import org.springframework.context.SmartLifecycle;
import reactor.netty.resources.ConnectionProvider;

/**
 * Closes what the gateway has open towards others: after the servers have stopped, and before the
 * event loops do, which all of it is on.
 */
final class LastThings implements SmartLifecycle {

  /** The event loops (ReactorResourceFactory) are of phase 0; a higher one stops before. */
  private static final int BEFORE_EVENT_LOOPS = 1;

  private static final Duration CLOSED_WITHIN = Duration.ofSeconds(2);

  private final RoutesWatch watch;
  private final RoutesLoader loader;
  private final ConnectionProvider own;
  private volatile boolean running;

  LastThings(RoutesWatch watch, RoutesLoader loader, ConnectionProvider own) {
    this.watch = watch;
    this.loader = loader;
    this.own = own;
  }

  @Override
  public void start() {
    running = true;
  }

  @Override
  public void stop() {
    running = false;
    watch.close();
    loader.close();
    own.disposeLater().block(CLOSED_WITHIN);
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  @Override
  public int getPhase() {
    return BEFORE_EVENT_LOOPS;
  }
}
