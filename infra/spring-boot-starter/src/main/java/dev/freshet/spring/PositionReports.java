package dev.freshet.spring;

import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.PositionReport;
import dev.freshet.protocol.SourceKind;
import java.util.Optional;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** {@code GET /.freshet/position}, by which the gateway knows where the service is. */
@RestController
class PositionReports {

  private final Positions positions;
  private final ApplicationAvailability availability;

  PositionReports(Positions positions, ApplicationAvailability availability) {
    this.positions = positions;
    this.availability = availability;
  }

  @GetMapping(FreshetHeaders.POSITION_PATH)
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
}
