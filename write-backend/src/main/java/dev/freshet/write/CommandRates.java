package dev.freshet.write;

import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.runtime.RecentMeters;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

/** {@code GET /.freshet/commands}: how often each command came lately, and how it ended. */
final class CommandRates {

  private static final Duration WINDOW = Duration.ofSeconds(10);

  private CommandRates() {}

  /**
   * A command that ended in one way.
   *
   * @param outcome done, or the code of why not
   * @param p50Seconds how long it took; null when it did not come
   */
  record CommandRate(
      String command,
      String outcome,
      double perSecond,
      @Nullable Double p50Seconds,
      @Nullable Double p99Seconds) {}

  static RouterFunction<ServerResponse> route(MeterRegistry meters) {
    RecentMeters recent =
        new RecentMeters(meters, CommandPath.TIMER, List.of("command", "outcome"), WINDOW);
    return RouterFunctions.route()
        .GET(
            FreshetHeaders.COMMANDS_PATH,
            request -> ServerResponse.ok().bodyValue(told(recent.now().orElse(List.of()))))
        .build();
  }

  private static List<CommandRate> told(List<RecentMeters.Recent> recent) {
    return recent.stream()
        .map(
            one ->
                new CommandRate(
                    one.labels().get(0),
                    one.labels().get(1),
                    one.perSecond(),
                    one.p50Seconds(),
                    one.p99Seconds()))
        .toList();
  }
}
