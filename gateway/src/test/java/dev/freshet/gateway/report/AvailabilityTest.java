package dev.freshet.gateway.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.gateway.report.Verdict.Finding;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AvailabilityTest {

  private final MeterRegistry meters = new SimpleMeterRegistry();
  private final AtomicLong nanos = new AtomicLong();
  private final Counter slow = meters.counter("freshet.reads.slow");
  private final Availability availability =
      new Availability(meters, Duration.ofMillis(250), nanos::get);

  @BeforeEach
  void looksOnceBefore() {
    assertThat(availability.now()).isEmpty();
  }

  private void answered(int times, String intent, String backend, int status) {
    Timer timer =
        Timer.builder("freshet.requests")
            .tag("route", "all")
            .tag("intent", intent)
            .tag("backend", backend)
            .tag("status", Integer.toString(status))
            .register(meters);
    for (int i = 0; i < times; i++) {
      timer.record(Duration.ofMillis(1));
    }
  }

  private String found() {
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    return String.join(
        "\n",
        availability.now().stream()
            .map(finding -> finding.trouble() + " " + text(finding))
            .toList());
  }

  private static String text(Finding finding) {
    return finding.text();
  }

  @Test
  void oneFailureOfTwoIsNoOutage() {
    answered(1, "write", "write-1", 201);
    answered(1, "write", "write-1", 500);
    assertThat(found()).isEmpty();
  }

  @Test
  void oneWriteAloneThatFailsIsNoneEither() {
    answered(1, "write", "none", 503);
    assertThat(found()).isEmpty();
  }

  @Test
  void writesThatAreAllRefusedAreNoticedHoweverFewTheyAre() {
    answered(2, "write", "none", 503);
    answered(1_000, "read", "read-1", 200);
    assertThat(found())
        .isEqualTo(
            "WRITES_REFUSED All of the writes of the last minute were refused, most of them with 503 from the gateway itself");
  }

  @Test
  void aTwentiethOfTheReadsThatFailsIsTrouble() {
    answered(96, "read", "read-1", 200);
    answered(4, "read", "replica-1", 500);
    assertThat(found()).as("four of a hundred").isEmpty();
    answered(2, "read", "none", 502);
    assertThat(found())
        .isEqualTo(
            "READS_FAILING At least 5 % of the reads of the last minute failed, most of them with 500 from replica-1");
  }

  @Test
  void backendsThatRefuseHaveFailed() {
    answered(5, "write", "write-1", 503);
    assertThat(found()).startsWith("WRITES_FAILING All").endsWith("503 from write-1");
  }

  @Test
  void whatIsTheClientsAffairIsNoTrouble() {
    answered(50, "write", "none", 429);
    answered(50, "write", "none", 401);
    answered(50, "write", "write-1", 409);
    answered(50, "read", "read-1", 404);
    assertThat(found()).isEmpty();
  }

  @Test
  void failuresAreForgottenAfterAMinute() {
    answered(10, "read", "none", 504);
    assertThat(found()).startsWith("READS_FAILING All");
    nanos.addAndGet(Duration.ofSeconds(50).toNanos());
    assertThat(found()).startsWith("READS_FAILING All");
    nanos.addAndGet(Duration.ofSeconds(15).toNanos());
    assertThat(found()).isEmpty();
  }

  @Test
  void readsThatTakeLongerThanTheObjectiveAreTrouble() {
    answered(40, "read", "read-1", 200);
    slow.increment(2);
    assertThat(found()).isEmpty();
    slow.increment(8);
    assertThat(found())
        .isEqualTo(
            "READS_SLOW At least 25 % of the reads of the last minute took longer than 250 ms, which is the objective");
  }
}
