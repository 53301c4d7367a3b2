package dev.freshet.gateway.session;

import dev.freshet.gateway.routing.Level;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.TimelineHistory;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a client's request is owed, and what is known of the client.
 *
 * @param level that the request is answered at
 * @param required the position that the answer must include; null when any will do
 * @param isUnmeetable whether nobody can say all that the answer must include, so that no copy will
 *     do
 * @param seen at or past everything that the client has written and seen, on the current timeline;
 *     null when it brought no token
 * @param session tells clients apart; null when it brought no token
 * @param renewal when the client is given a new token
 */
public record ClientSession(
    Level level,
    @Nullable Position required,
    boolean isUnmeetable,
    @Nullable Position seen,
    @Nullable String session,
    Renewal renewal) {

  /** When a client is given a new token. */
  public enum Renewal {
    /** When an answer takes it further. */
    WHEN_ADVANCED,
    /** With the next answer, however far that takes it. */
    NEXT,
    /** The same, and all that it holds beside it is to go. */
    IN_PLACE_OF_ALL;

    private Renewal orNext() {
      return this == WHEN_ADVANCED ? NEXT : this;
    }
  }

  /** The session of a client that brings nothing along. */
  static ClientSession unknown(Level level) {
    return new ClientSession(level, null, false, null, null, Renewal.WHEN_ADVANCED);
  }

  /** The session of a client whose tokens can't be relied on: it starts over. */
  static ClientSession fresh(Level level) {
    return new ClientSession(level, null, false, null, null, Renewal.IN_PLACE_OF_ALL);
  }

  ClientSession withRequired(@Nullable Position required) {
    return new ClientSession(level, required, false, seen, session, renewal);
  }

  /**
   * Nobody can say what the answer must include.
   *
   * @param lastKnown where the primary was when it was last heard of: what answers must not be
   *     before that
   */
  ClientSession unmeetable(Optional<Position> lastKnown) {
    return new ClientSession(
        level, lastKnown.map(this::after).orElse(null), true, seen, session, renewal);
  }

  /** What even the primary has to have: a new one may lack what this client has seen. */
  public @Nullable Position atLeast() {
    return required == null ? seen : required;
  }

  /**
   * How far the client is after an answer; null when that is unknown. What it has seen on another
   * timeline has to be {@linkplain #carriedOver carried over} first.
   */
  public @Nullable Position after(@Nullable Position answered) {
    return answered == null ? seen : seen == null ? answered : seen.max(answered);
  }

  /** Whether an answer is of a later timeline than what the client has seen. */
  public boolean isOvertakenBy(@Nullable Position answered) {
    return answered != null && seen != null && answered.timeline() > seen.timeline();
  }

  /**
   * The session after a promotion that came between.
   *
   * @return empty when the promotion lost what it has seen: it goes on as it is, to be told so with
   *     the next request
   */
  public Optional<ClientSession> carriedOver(TimelineHistory history) {
    return seen == null
        ? Optional.of(this)
        : history
            .carriedOver(seen)
            .map(
                carried ->
                    new ClientSession(
                        level, required, isUnmeetable, carried, session, renewal.orNext()));
  }

  /** Whether an answer takes the client further, or its token is to be renewed anyway. */
  public boolean isAdvancedBy(@Nullable Position answered) {
    Position after = after(answered);
    return renewal != Renewal.WHEN_ADVANCED || (after != null && !after.equals(seen));
  }
}
