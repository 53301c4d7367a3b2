package dev.freshet.sync;

import dev.freshet.sync.model.SyncRefused;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;

/**
 * How often everything may be copied again without a person: a slot that is lost again and again
 * would otherwise have the source read from end to end without end.
 */
final class CopyBudget {

  private static final int MOST_COPIES = 3;
  private static final Duration WITHIN = Duration.ofHours(1);

  private final Clock clock;
  private final ArrayDeque<Instant> copies = new ArrayDeque<>();

  CopyBudget(Clock clock) {
    this.clock = clock;
  }

  /**
   * Spends one copy.
   *
   * @param because why everything is to be copied
   * @throws SyncRefused when there were as many lately as may be
   */
  void spend(String because) {
    Instant now = clock.instant();
    while (!copies.isEmpty() && copies.getFirst().isBefore(now.minus(WITHIN))) {
      copies.removeFirst();
    }
    if (copies.size() >= MOST_COPIES) {
      throw new SyncRefused(
          "%s Everything was copied again %d times within %d minutes; the next time is at %s. Find out why changes are gone before they are applied: max_slot_wal_keep_size of the source, somebody who drops the slot, or with a log on Kafka its retention. A restart of the sync copies at once."
              .formatted(because, MOST_COPIES, WITHIN.toMinutes(), copies.getFirst().plus(WITHIN)));
    }
    copies.add(now);
  }
}
