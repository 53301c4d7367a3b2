package dev.freshet.runtime.source;

import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.runtime.Drain;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.scheduler.Scheduler;

/** {@code GET /.freshet/position} of a backend. */
public final class PositionEndpoint {

  private PositionEndpoint() {}

  public static RouterFunction<ServerResponse> route(
      FreshnessGate gate, Drain drain, Scheduler blocking) {
    return RouterFunctions.route()
        .GET(
            FreshetHeaders.POSITION_PATH,
            request ->
                gate.report()
                    .publishOn(blocking)
                    .flatMap(
                        report ->
                            ServerResponse.ok()
                                .bodyValue(drain.isDraining() ? report.leaving() : report)))
        .build();
  }
}
