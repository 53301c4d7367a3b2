package dev.freshet.gateway.choice;

import dev.freshet.gateway.pool.Instance;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.SourceKind;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One try: an instance, and what is asked of it.
 *
 * @param minimum the position that it must be at or past; null when any will do
 * @param maxWait how long it may take to get there
 */
public record Candidate(
    Instance instance, Reason reason, @Nullable Position minimum, Duration maxWait) {

  /**
   * Whether another one may be asked while this one is late: of both the same is asked and neither
   * is waited for, the other is in good order, and no primary that copies are there to spare.
   */
  public boolean canBeHedgedBy(Candidate other) {
    boolean isPromised =
        reason == other.reason && (reason == Reason.ANY || reason == Reason.CAUGHT_UP);
    boolean isSpared =
        other.instance.spec().kind() == SourceKind.PRIMARY
            && instance.spec().kind() != SourceKind.PRIMARY;
    boolean isInOrder = !other.instance.isSuspect() && !other.instance.isEjected();
    return isPromised && isInOrder && !isSpared && other.instance != instance;
  }

  /** Why an instance is tried. */
  public enum Reason {
    /** It takes the writes. */
    WRITE,
    /** Any copy will do. */
    ANY,
    /** It is known to be fresh enough. */
    CAUGHT_UP,
    /** It is waited for. */
    WAITED,
    /** No copy was fresh enough in time, and the primary always is. */
    FALLBACK,
    /** No copy was fresh enough in time, and the route allows this one, which is older. */
    STALE;

    private final String text = name().toLowerCase(Locale.ROOT).replace('_', '-');

    /** The name in {@code Freshet-Source} and metrics. */
    public String text() {
      return text;
    }
  }
}
