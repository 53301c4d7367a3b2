package dev.freshet.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PositionReportTest {

  @Test
  void backendThatLeavesIsNotReadyAndSaysTheRestAsBefore() {
    PositionReport report = new PositionReport("1:0/10", "replica", 0.5, true, "77", null, true);
    assertThat(report.leaving())
        .isEqualTo(new PositionReport("1:0/10", "replica", 0.5, false, "77", null, true));
  }

  @Test
  void copyThatCannotBeReadFromSaysItsKindAlone() {
    assertThat(PositionReport.notReady(SourceKind.PRIMARY))
        .isEqualTo(new PositionReport(null, "primary", null, false, null, null));
  }
}
