package dev.freshet.gateway.forward;

import dev.freshet.protocol.Position;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which answers to a read are kept back, because another instance may do better. */
public enum Declining {
  /** None: it can't be sent again. */
  NEVER,
  /** Those that say the instance is not caught up; it is the last that can be asked. */
  WHEN_BEHIND,
  /** Those that say the instance can't serve. */
  WHEN_IT_CAN_NOT_SERVE,
  /** The same, and those that say it has no events, none from there on, or subscribers enough. */
  WHEN_IT_TELLS_NO_EVENTS;

  private static final Set<Integer> TELL_NO_EVENTS = Set.of(404, 410, 429);

  /** Statuses by which an instance says that it can't serve a read, where another one may. */
  private static final Set<Integer> DECLINED = Set.of(502, 503);

  /**
   * Whether an answer is kept back.
   *
   * @param at what the instance said it is at; null when it did not
   * @param minimum what it was to be at or past; null for anything
   */
  boolean keepsBack(int status, @Nullable Position at, @Nullable Position minimum) {
    boolean canNotServe = DECLINED.contains(status);
    return switch (this) {
      case NEVER -> false;
      case WHEN_BEHIND -> canNotServe && at != null && minimum != null && !at.isAtOrPast(minimum);
      case WHEN_IT_CAN_NOT_SERVE -> canNotServe;
      case WHEN_IT_TELLS_NO_EVENTS -> canNotServe || TELL_NO_EVENTS.contains(status);
    };
  }
}
