package dev.freshet.write.command;

import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.PositionReport;
import dev.freshet.protocol.PrimaryPosition;
import dev.freshet.protocol.SourceKind;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/** {@code GET /.freshet/position} of a backend that stands on the primary. */
public final class PrimaryPositionEndpoint {

  private PrimaryPositionEndpoint() {}

  public static RouterFunction<ServerResponse> route(DataSource primary, Scheduler blocking) {
    return RouterFunctions.route()
        .GET(
            FreshetHeaders.POSITION_PATH,
            request ->
                Mono.fromCallable(() -> report(primary))
                    .subscribeOn(blocking)
                    .flatMap(report -> ServerResponse.ok().bodyValue(report)))
        .build();
  }

  private static PositionReport report(DataSource primary) {
    String kind = SourceKind.PRIMARY.wireName();
    try (Connection connection = primary.getConnection()) {
      return new PositionReport(PrimaryPosition.ask(connection).toString(), kind, 0.0, true);
    } catch (SQLException e) {
      return new PositionReport(null, kind, null, false);
    }
  }
}
