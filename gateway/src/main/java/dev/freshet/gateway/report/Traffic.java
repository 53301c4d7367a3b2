package dev.freshet.gateway.report;

import dev.freshet.runtime.RecentMeters.Recent;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What went through the gateway lately. What is unknown is null: rates before the second look,
 * percentiles of what did not happen.
 *
 * @param windowSeconds how far it looks back
 * @param byInstance requests that were sent to each
 * @param answeredBy where reads were answered, and why there
 * @param waits for a copy to get where a client is
 * @param staleness how far behind the copies that answered were said to be
 * @param fallbacks reads that could have gone to the primary, or did
 * @param commands of write-backends, as they tell them
 * @param silent the write-backends that did not tell theirs
 */
public record Traffic(
    double windowSeconds,
    Rate reads,
    Rate writes,
    List<OfInstance> byInstance,
    List<Answered> answeredBy,
    Rate waits,
    Rate staleness,
    @Nullable List<Counted> fallbacks,
    @Nullable List<Counted> refusedTokens,
    List<JsonNode> commands,
    List<String> silent) {

  /** How often, and how long it took. */
  public record Rate(
      @Nullable Double perSecond, @Nullable Double p50Seconds, @Nullable Double p99Seconds) {

    static final Rate UNKNOWN = new Rate(null, null, null);

    /** What has not happened yet. */
    static final Rate NEVER = new Rate(0.0, null, null);

    static Rate of(Recent recent) {
      return new Rate(recent.perSecond(), recent.p50Seconds(), recent.p99Seconds());
    }
  }

  /**
   * Requests that one instance got.
   *
   * @param failedPerSecond those that it answered with 500 or more
   */
  public record OfInstance(
      String instance,
      double perSecond,
      double failedPerSecond,
      @Nullable Double p50Seconds,
      @Nullable Double p99Seconds) {}

  /** Reads that one kind of copy answered for one reason. */
  public record Answered(String kind, String reason, double perSecond) {}

  /** Something that happened for a reason. */
  public record Counted(String reason, double perSecond) {

    static @Nullable List<Counted> of(Optional<List<Recent>> recent) {
      return recent
          .map(
              all ->
                  all.stream()
                      .map(one -> new Counted(one.labels().getFirst(), one.perSecond()))
                      .toList())
          .orElse(null);
    }
  }
}
