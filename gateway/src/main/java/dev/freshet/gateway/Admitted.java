package dev.freshet.gateway;

import dev.freshet.gateway.Refusals.Requested;
import dev.freshet.gateway.access.Principal;
import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.Retargeted;
import dev.freshet.gateway.forward.WebSockets;
import dev.freshet.gateway.pool.Pool;
import dev.freshet.gateway.pool.Pools;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.gateway.routing.Route;
import dev.freshet.protocol.FreshetHeaders;
import org.jspecify.annotations.Nullable;

/**
 * A request that its route lets in.
 *
 * @param principal who its token says it is from; null where none was asked for
 */
record Admitted(
    Exchange exchange,
    Pools pools,
    Route route,
    Requested requested,
    @Nullable Principal principal) {

  /** The same by another exchange. */
  Admitted with(Exchange other) {
    return new Admitted(other, pools, route, requested, principal);
  }

  /** The same at the path that instances have for it: events have one of their own. */
  Admitted asItsInstancesAreAsked() {
    return route.tellsEvents() && intent() == Intent.READ
        ? with(new Retargeted(exchange, FreshetHeaders.EVENTS_PATH))
        : this;
  }

  Intent intent() {
    return requested.intent();
  }

  /** Whether it opens a WebSocket. */
  boolean isWebSocket() {
    return route.webSocket() && WebSockets.isAskedFor(exchange);
  }

  /** The pool of those that may answer it. */
  Pool pool() {
    return pools.pool(route.pool(intent()).orElseThrow());
  }
}
