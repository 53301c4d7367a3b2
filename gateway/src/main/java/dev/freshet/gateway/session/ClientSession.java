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
 * @param isUnmeetable whether nobody can say what the answer must include, so that no copy will do
 * @param seen at or past everything that the client has written and seen, on the current timeline;
 *     null when it brought no token
 * @param session tells clients apart; null when it brought no token
 * @param renew whether the client is better given a new token, however far this answer takes it
 */
public record ClientSession(
    Level level,
    @Nullable Position required,
    boolean isUnmeetable,
    @Nullable Position seen,
    @Nullable String session,
    boolean renew) {

  /** The session of a client that brings nothing along. */
  static ClientSession unknown(Level level) {
    return new ClientSession(level, null, false, null, null, false);
  }

  ClientSession withRequired(@Nullable Position required) {
    return new ClientSession(level, required, false, seen, session, renew);
  }

  ClientSession unmeetable() {
    return new ClientSession(level, null, true, seen, session, renew);
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
                    new ClientSession(level, required, isUnmeetable, carried, session, true));
  }

  /** Whether an answer takes the client further, or its token is to be renewed anyway. */
  public boolean isAdvancedBy(@Nullable Position answered) {
    Position after = after(answered);
    return renew || (after != null && !after.equals(seen));
  }
}
