package dev.freshet.spring;

import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.PositionReport;
import dev.freshet.protocol.SourceKind;
import java.time.Duration;
import java.util.Optional;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** What {@code GET /.freshet/position} answers, by which the gateway knows where the service is. */
final class PositionReports {

  /** Whoever asks gives up after a second. */
  private static final Duration WITHIN = Duration.ofMillis(800);

  private final Positions positions;
  private final ApplicationAvailability availability;

  PositionReports(Positions positions, ApplicationAvailability availability) {
    this.positions = positions;
    this.availability = availability;
  }

  PositionReport report() {
    Optional<Position> position = positions.ask();
    if (position.isEmpty()) {
      return PositionReport.notReady(SourceKind.PRIMARY);
    }
    PositionReport report =
        new PositionReport(
            position.get().toString(), SourceKind.PRIMARY.wireName(), 0.0, true, null, null);
    return availability.getReadinessState() == ReadinessState.ACCEPTING_TRAFFIC
        ? report
        : report.leaving();
  }

  /** With servlets. */
  @RestController
  static class OfServlets {

    private final PositionReports reports;

    OfServlets(PositionReports reports) {
      this.reports = reports;
    }

    @GetMapping(FreshetHeaders.POSITION_PATH)
    PositionReport report() {
      return reports.report();
    }
  }

  /** With WebFlux, whose event loops must not wait for a connection. */
  @RestController
  static class Reactive {

    private final PositionReports reports;

    Reactive(PositionReports reports) {
      this.reports = reports;
    }

    @GetMapping(FreshetHeaders.POSITION_PATH)
    Mono<PositionReport> report() {
      return Mono.fromCallable(reports::report)
          .subscribeOn(Schedulers.boundedElastic())
          .timeout(WITHIN, Mono.just(PositionReport.notReady(SourceKind.PRIMARY)));
    }
  }
}
