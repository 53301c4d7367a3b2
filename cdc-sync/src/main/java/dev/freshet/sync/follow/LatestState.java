package dev.freshet.sync.follow;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How a follower is: its own thread writes it, others read it, and an observer is told. */
final class LatestState {

  private static final Logger log = LoggerFactory.getLogger(SearchFollower.class);

  private final FollowerObserver observer;
  private final Clock clock;
  private volatile FollowerState now;

  LatestState(FollowerObserver observer, Clock clock) {
    this.observer = observer;
    this.clock = clock;
    Instant start = clock.instant();
    this.now =
        new FollowerState(
            FollowerState.Phase.STARTING, "", start, null, Double.NaN, start, 0, Map.of());
  }

  Clock clock() {
    return clock;
  }

  FollowerState now() {
    return now;
  }

  /** How old the newest transaction is that can be searched for, in seconds; NaN when unknown. */
  double lagSeconds() {
    return now.lagSeconds(clock.instant());
  }

  /** It does something else, or for another reason. */
  void become(FollowerState.Phase phase, String reason) {
    FollowerState before = now;
    if (phase != before.phase() || !reason.equals(before.reason())) {
      become(phase, reason, before.pendingKeys());
    }
  }

  /** The store can't be written to, and so many rows wait for it. */
  void retries(String reason, long pendingKeys) {
    FollowerState before = now;
    if (before.phase() == FollowerState.Phase.RETRYING && before.reason().equals(reason)) {
      tell(before.withPendingKeys(pendingKeys));
    } else {
      become(FollowerState.Phase.RETRYING, reason, pendingKeys);
    }
  }

  private void become(FollowerState.Phase phase, String reason, long pendingKeys) {
    FollowerState before = now;
    if (phase == FollowerState.Phase.RETRYING) {
      log.warn("The store is not followed up: {}", reason);
    } else {
      log.info("{}{}", phase.text(), reason.isEmpty() ? "" : ": " + reason);
    }
    tell(
        new FollowerState(
            phase,
            reason,
            clock.instant(),
            before.place(),
            before.lagSeconds(),
            before.lagAt(),
            pendingKeys,
            before.models()));
  }

  /** A round has ended. */
  void follows(Snapshot.At at, long pendingKeys, Map<String, FollowerState.Model> models) {
    become(FollowerState.Phase.FOLLOWING, "");
    tell(
        new FollowerState(
            FollowerState.Phase.FOLLOWING,
            "",
            now.since(),
            at.place(),
            at.lagSeconds(),
            clock.instant(),
            pendingKeys,
            models));
  }

  /** A batch is searchable, so long after it was begun. */
  void wrote(Duration took) {
    observer.wrote(took);
  }

  private void tell(FollowerState state) {
    now = state;
    observer.became(state);
  }
}
