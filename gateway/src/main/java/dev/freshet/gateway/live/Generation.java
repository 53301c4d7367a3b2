package dev.freshet.gateway.live;

import dev.freshet.gateway.access.TokenCheck;
import dev.freshet.gateway.filters.Filters;
import dev.freshet.gateway.pool.Pools;
import dev.freshet.gateway.routing.Routes;
import dev.freshet.runtime.source.FreshnessGate;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One edition of the routes with all that it needs. */
public final class Generation {

  /** While it is in force it counts as one request of its own. */
  private final AtomicInteger users = new AtomicInteger(1);

  private final Edition edition;
  private final Parts parts;
  private final Runnable close;

  /**
   * What a generation is made of.
   *
   * @param tokens checks what routes with scopes ask for; null when none does
   * @param primary the primary's database; null when the routes name none
   */
  record Parts(
      Routes routes,
      Pools pools,
      Filters filters,
      @Nullable TokenCheck tokens,
      @Nullable FreshnessGate primary) {}

  /**
   * Is in force.
   *
   * @param close gives back what it uses
   */
  Generation(Edition edition, Parts parts, Runnable close) {
    this.edition = edition;
    this.parts = parts;
    this.close = close;
  }

  /** Counts a request in; false when it is retired and its last request has ended. */
  boolean enter() {
    int before = users.getAndUpdate(count -> count == 0 ? 0 : count + 1);
    return before > 0;
  }

  /** A request on it has ended. */
  public void leave() {
    if (users.decrementAndGet() == 0) {
      // Closing waits, and this may be an event loop.
      Thread.ofVirtual().name("routes-retired").start(close);
    }
  }

  /** It is not in force any more. */
  void retire() {
    leave();
  }

  public Edition edition() {
    return edition;
  }

  public Routes routes() {
    return parts.routes();
  }

  public Pools pools() {
    return parts.pools();
  }

  public Filters filters() {
    return parts.filters();
  }

  /** Checks the tokens that routes with scopes ask for; there when one does. */
  public Optional<TokenCheck> tokens() {
    return Optional.ofNullable(parts.tokens());
  }

  /** The primary's database; empty when the routes name none. */
  public Optional<FreshnessGate> primary() {
    return Optional.ofNullable(parts.primary());
  }
}
