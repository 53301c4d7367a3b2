package dev.freshet.gateway.operator;

import dev.freshet.gateway.report.Ticker;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.runtime.ProblemResponses;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/** {@code GET /api/history?last=15m}: how lags were lately. */
public final class HistoryEndpoint {

  private static final Pattern LENGTH = Pattern.compile("(\\d{1,4})([smh])");

  private static final Duration USUAL = Duration.ofMinutes(15);

  private final Ticker ticker;
  private final ProblemResponses problems;

  public HistoryEndpoint(Ticker ticker, ProblemResponses problems) {
    this.ticker = ticker;
    this.problems = problems;
  }

  Mono<ServerResponse> show(ServerRequest request) {
    Optional<String> asked = request.queryParam("last");
    Optional<Duration> length = asked.isEmpty() ? Optional.of(USUAL) : length(asked.get());
    if (length.isEmpty()) {
      Problem problem =
          Problem.of(
              ProblemCode.BAD_VALUE,
              "Say how much with last=15m; up to 6h are there. s, m and h are units.");
      return problems.status(problem).bodyValue(problem.members());
    }
    return ticker.history(length.get()).flatMap(told -> ServerResponse.ok().bodyValue(told));
  }

  private static Optional<Duration> length(String text) {
    Matcher form = LENGTH.matcher(text);
    if (!form.matches()) {
      return Optional.empty();
    }
    long number = Long.parseLong(form.group(1));
    return Optional.of(
            switch (form.group(2)) {
              case "s" -> Duration.ofSeconds(number);
              case "m" -> Duration.ofMinutes(number);
              default -> Duration.ofHours(number);
            })
        .filter(length -> length.isPositive());
  }
}
