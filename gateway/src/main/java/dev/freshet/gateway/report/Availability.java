package dev.freshet.gateway.report;

import dev.freshet.gateway.report.Verdict.Finding;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.runtime.RecentMeters;
import dev.freshet.runtime.RecentMeters.Recent;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Whether the requests of the last minute got their answers, reads and writes apart, by the meters
 * that Prometheus scrapes.
 *
 * <p>A request has <em>failed</em> when its answer was 500 or more, whoever made it, and was
 * <em>refused</em> when the gateway itself answered it 503. Answers below 500 are the client's
 * affair, 429 among them.
 */
final class Availability {

  static final Duration WINDOW = Duration.ofMinutes(1);

  /** A smaller part of the requests is no trouble of the whole. */
  private static final double LEAST_SHARE = 0.05;

  /** Fewer are no trouble, whatever their share: one failure of two is no outage. */
  private static final int LEAST = 3;

  /** Unless they are all there were. */
  private static final int LEAST_OF_ALL = 2;

  private static final int[] STEPS_PERCENT = {5, 10, 25, 50, 75, 90};

  private static final String REFUSED = "503";

  private final RecentMeters requests;
  private final RecentMeters slow;
  private final Duration readObjective;

  /**
   * Judges by a gateway's meters.
   *
   * @param readObjective within which the answers of reads should begin
   */
  Availability(MeterRegistry meters, Duration readObjective) {
    this(meters, readObjective, System::nanoTime);
  }

  Availability(MeterRegistry meters, Duration readObjective, LongSupplier nanoTime) {
    this.requests =
        RecentMeters.ofRates(
            meters, "freshet.requests", List.of("intent", "backend", "status"), WINDOW, nanoTime);
    this.slow = RecentMeters.ofRates(meters, "freshet.reads.slow", List.of(), WINDOW, nanoTime);
    this.readObjective = readObjective;
  }

  /** What is wrong now. It has to be asked again and again: it compares with what it saw before. */
  List<Finding> now() {
    List<Recent> recent = requests.now().orElse(List.of());
    double slowReads =
        slow.now().orElse(List.of()).stream().mapToDouble(Recent::count).findFirst().orElse(0);
    List<Finding> findings = new ArrayList<>();
    for (Intent intent : Intent.values()) {
      List<Recent> all =
          recent.stream().filter(one -> one.labels().getFirst().equals(intent.text())).toList();
      unanswered(intent, all).ifPresent(findings::add);
      if (intent == Intent.READ && isTrouble(slowReads, count(all))) {
        findings.add(
            new Finding(
                Trouble.READS_SLOW,
                "%s of the reads of the last minute took longer than %d ms, which is the objective"
                    .formatted(share(slowReads, count(all)), readObjective.toMillis())));
      }
    }
    return findings;
  }

  private static Optional<Finding> unanswered(Intent intent, List<Recent> all) {
    List<Recent> failures =
        all.stream().filter(one -> status(one).startsWith("5") && one.count() > 0).toList();
    if (!isTrouble(count(failures), count(all))) {
      return Optional.empty();
    }
    List<Recent> refusals = failures.stream().filter(Availability::isRefusal).toList();
    boolean isRefused = 2 * count(refusals) > count(failures);
    Recent most =
        (isRefused ? refusals : failures)
            .stream().max(Comparator.comparingDouble(Recent::count)).orElseThrow();
    return Optional.of(
        new Finding(
            trouble(intent, isRefused),
            "%s of the %ss of the last minute %s, most of them with %s from %s"
                .formatted(
                    share(count(failures), count(all)),
                    intent.text(),
                    isRefused ? "were refused" : "failed",
                    status(most),
                    isOfTheGateway(most) ? "the gateway itself" : backend(most))));
  }

  private static Trouble trouble(Intent intent, boolean isRefused) {
    return switch (intent) {
      case READ -> isRefused ? Trouble.READS_REFUSED : Trouble.READS_FAILING;
      case WRITE -> isRefused ? Trouble.WRITES_REFUSED : Trouble.WRITES_FAILING;
    };
  }

  private static boolean isTrouble(double some, double all) {
    return some >= all ? some >= LEAST_OF_ALL : some >= LEAST && some >= LEAST_SHARE * all;
  }

  /** In steps: a verdict that changes each second can't be read. */
  private static String share(double some, double all) {
    if (some >= all) {
      return "All";
    }
    int beyond = STEPS_PERCENT[0];
    for (int step : STEPS_PERCENT) {
      beyond = 100 * some >= step * all ? step : beyond;
    }
    return "At least %d %%".formatted(beyond);
  }

  private static boolean isRefusal(Recent one) {
    return isOfTheGateway(one) && status(one).equals(REFUSED);
  }

  private static boolean isOfTheGateway(Recent one) {
    return backend(one).equals(TrafficReport.NOBODY);
  }

  private static String backend(Recent one) {
    return one.labels().get(1);
  }

  private static String status(Recent one) {
    return one.labels().get(2);
  }

  private static double count(List<Recent> some) {
    return some.stream().mapToDouble(Recent::count).sum();
  }
}
