package dev.freshet.sync.follow;

import dev.freshet.sync.source.Place;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a follower is.
 *
 * @param reason for people; empty where nothing is wrong
 * @param since when it became so
 * @param place that the store is at, or null
 * @param lagSeconds how old the newest transaction was that could be searched for; NaN when unknown
 * @param lagAt when it was
 * @param pendingKeys rows that changed and that the store does not have yet
 * @param models by name
 */
public record FollowerState(
    Phase phase,
    String reason,
    Instant since,
    @Nullable Place place,
    double lagSeconds,
    Instant lagAt,
    long pendingKeys,
    Map<String, Model> models) {

  public FollowerState {
    models = new LinkedHashMap<>(models);
  }

  FollowerState withPendingKeys(long pending) {
    return new FollowerState(phase, reason, since, place, lagSeconds, lagAt, pending, models);
  }

  /** How old that transaction is by now; the lag is read once a second at least. */
  double lagSeconds(Instant now) {
    return lagSeconds + Math.max(0, Duration.between(lagAt, now).toMillis() / 1_000.0 - 1);
  }

  /**
   * As JSON.
   *
   * @param lagSeconds as of now; NaN when unknown
   */
  Map<String, @Nullable Object> body(double lagSeconds) {
    Map<String, @Nullable Object> body = new LinkedHashMap<>();
    body.put("state", phase.text());
    body.put("reason", reason);
    body.put("since", since.toString());
    body.put("position", place == null ? null : place.toString());
    body.put("lagSeconds", Double.isNaN(lagSeconds) ? null : lagSeconds);
    body.put("pendingKeys", pendingKeys);
    List<Map<String, String>> all = new ArrayList<>();
    models.forEach(
        (name, model) ->
            all.add(
                Map.of("model", name, "state", model.stage().text(), "reason", model.reason())));
    body.put("models", all);
    return body;
  }

  /** What it is doing. */
  public enum Phase {
    STARTING,
    STANDBY,
    FOLLOWING,
    RETRYING;

    /** As status and metrics show it. */
    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * How a model is in the store.
   *
   * @param reason for people; empty where nothing is wrong
   */
  public record Model(Stage stage, String reason) {}

  /** Whether readers find a model's rows in the store. */
  public enum Stage {
    /** They do. */
    SERVED,
    /** Its rows are being written. */
    FILLING,
    /** The read database does not serve it, or its rows are written next. */
    WAITING,
    /** A store can't have it. */
    REFUSED;

    /** As status and metrics show it. */
    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
