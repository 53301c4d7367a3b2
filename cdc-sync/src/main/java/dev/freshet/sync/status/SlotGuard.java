package dev.freshet.sync.status;

import dev.freshet.sync.source.Claim;
import dev.freshet.sync.source.Place;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Watches how long the slot's claim on the source's log will hold, at the rate at which the log is
 * written, and says when it gets short.
 */
final class SlotGuard {

  /** Less than this part of what may be retained is left. */
  private static final double SHORT = 0.25;

  /** How much the latest second weighs in the rate. */
  private static final double WEIGHT = 0.1;

  private @Nullable Place flushed;
  private Instant at = Instant.EPOCH;
  private double bytesPerSecond;
  private @Nullable Claim claim;

  /** What there is to say about the slot now. */
  enum Word {
    NOTHING,
    GETTING_SHORT,
    WELL_AGAIN
  }

  private boolean inDanger;

  /**
   * Takes how the slot stands.
   *
   * @param seen null when there is no slot
   * @param end how far the source's log is
   */
  Word observe(@Nullable Claim seen, Place end, Instant now) {
    Place before = flushed;
    if (before != null && now.isAfter(at)) {
      double seconds = Duration.between(at, now).toNanos() / 1e9;
      bytesPerSecond += WEIGHT * (end.since(before) / seconds - bytesPerSecond);
    }
    flushed = end;
    at = now;
    claim = seen;
    boolean was = inDanger;
    Long safe = claim == null ? null : claim.safeBytes();
    inDanger = claim != null && safe != null && safe < SHORT * (safe + claim.retainedBytes());
    return was == inDanger ? Word.NOTHING : inDanger ? Word.GETTING_SHORT : Word.WELL_AGAIN;
  }

  /** Nobody looks any more, and nothing is known. */
  void forget() {
    claim = null;
    flushed = null;
  }

  @Nullable Claim claim() {
    return claim;
  }

  /**
   * Seconds until the server gives up what the slot needs; null when it never will, at this rate.
   */
  @Nullable Double safeSeconds() {
    Long safe = claim == null ? null : claim.safeBytes();
    return safe == null || bytesPerSecond < 1 ? null : Math.max(0, safe) / bytesPerSecond;
  }
}
