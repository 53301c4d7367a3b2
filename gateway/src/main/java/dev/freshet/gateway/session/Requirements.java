package dev.freshet.gateway.session;

import dev.freshet.gateway.routing.Consistency;
import dev.freshet.gateway.routing.Level;
import dev.freshet.gateway.session.ClientSession.Renewal;
import dev.freshet.gateway.session.Sessions.Flaw;
import dev.freshet.gateway.session.Sessions.Presented;
import dev.freshet.gateway.system.SystemView;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.protocol.TimelineHistory;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what an answer must include, from the client's tokens and the level.
 *
 * <p>Every level but eventual honours the token. Strong adds all that was committed before the
 * request came, bounded all that was committed before a moment that is not too long ago. Positions
 * of timelines that were left are carried over to the current one; those that a promotion lost are
 * told to be, once.
 */
public final class Requirements {

  private static final String HISTORY_AWAITED =
      "The primary was replaced, and the new one has not told yet what it has of this session. Try again.";

  private final Sessions sessions;
  private final SystemView system;

  /** Prepares to find out. */
  public Requirements(Sessions sessions, SystemView system) {
    this.sessions = sessions;
    this.system = system;
  }

  /** What came of it. */
  public sealed interface Requirement {

    /** What does not depend on anything any more. */
    sealed interface Settled extends Requirement {}

    /** The request goes on. */
    record Met(ClientSession session, @Nullable Flaw flaw) implements Settled {}

    /**
     * It is refused.
     *
     * @param flaw of the token, or null
     * @param token a fresh one to go on with, or null
     */
    record Refused(Problem problem, @Nullable Flaw flaw, @Nullable String token)
        implements Settled {

      /** A refusal that is no fault of the token. */
      public static Refused of(ProblemCode code, String detail) {
        return new Refused(Problem.of(code, detail), null, null);
      }
    }

    /**
     * It depends on where the primary is now.
     *
     * @param then makes the result from the position; empty when nobody knows it
     */
    record DependsOnPrimary(Function<Optional<Position>, Requirement> then)
        implements Requirement {}
  }

  /**
   * Finds out.
   *
   * @param consistency what a read is to be answered at; null for a write
   * @param tokens values of headers and cookies
   */
  public Requirement of(@Nullable Consistency consistency, List<String> tokens) {
    Level level = consistency == null ? Level.SESSION : consistency.level();
    Presented presented = sessions.read(tokens, system.systemIdentifier().orElse(null));
    if (level == Level.EVENTUAL && !(presented instanceof Presented.Bad)) {
      return new Requirement.Met(ClientSession.unknown(level), null);
    }
    return switch (presented) {
      case Presented.Nothing ignored -> levelled(ClientSession.unknown(level), consistency, null);
      case Presented.Bad(Flaw flaw) -> bad(flaw);
      case Presented.Unreliable(Flaw flaw) -> {
        yield consistency == null
            ? levelled(ClientSession.fresh(level), null, flaw)
            : levelled(ClientSession.fresh(Level.STRONG), Consistency.of(Level.STRONG), flaw);
      }
      case Presented.Good(List<SessionToken> good) -> carriedOver(good, level, consistency);
    };
  }

  private static Requirement bad(Flaw flaw) {
    return new Requirement.Refused(
        Problem.of(
            ProblemCode.BAD_SESSION,
            switch (flaw) {
              case FOREIGN -> "The session token is of another system. Leave it out to start over.";
              case IMPOSSIBLE ->
                  "The session token is ahead of the primary itself, which may have been restored from a backup. Leave it out to start over.";
              default ->
                  "Freshet-Session is not a valid token for this system. Leave it out to start over.";
            }),
        flaw,
        null);
  }

  /** The tokens' furthest position, on the current timeline. */
  private Requirement carriedOver(
      List<SessionToken> tokens, Level level, @Nullable Consistency consistency) {
    Optional<TimelineHistory> history = system.history();
    boolean isLater =
        history.isPresent()
            && tokens.stream().anyMatch(t -> t.position().timeline() > history.get().current());
    boolean isOfUntold =
        system.isHistoryAwaited() && tokens.stream().anyMatch(t -> system.isFormer(t.position()));
    // A promotion that is news, here or to another gateway: the primary is asked before more is
    // said.
    return isLater || isOfUntold
        ? new Requirement.DependsOnPrimary(asked -> carried(tokens, level, consistency))
        : carried(tokens, level, consistency);
  }

  private Requirement carried(
      List<SessionToken> tokens, Level level, @Nullable Consistency consistency) {
    SessionToken latest = tokens.getFirst();
    Position furthest = null;
    boolean renew = false;
    for (SessionToken token : tokens) {
      Position position = token.position();
      Optional<TimelineHistory> history = system.history();
      if (history.isPresent()) {
        if (position.timeline() > history.get().current()) {
          return notYet(
              "The session token is of a later timeline than the primary known here. Try again once the gateway has found the new primary.");
        }
        if (system.isFormer(position) && system.isHistoryAwaited()) {
          return notYet(HISTORY_AWAITED);
        }
        Optional<Position> carried = history.get().carriedOver(position);
        if (carried.isEmpty()) {
          return lost(token);
        }
        renew |= !carried.get().equals(position);
        position = carried.get();
      }
      if (furthest == null || !furthest.max(position).equals(furthest)) {
        furthest = position;
        latest = token;
      }
    }
    ClientSession session =
        new ClientSession(
            level,
            furthest,
            false,
            furthest,
            latest.session(),
            renew || sessions.isAgeing(latest) ? Renewal.NEXT : Renewal.WHEN_ADVANCED);
    return possible(session, consistency);
  }

  private static Requirement.Settled notYet(String detail) {
    return Requirement.Refused.of(ProblemCode.NOT_CAUGHT_UP, detail);
  }

  private Requirement lost(SessionToken token) {
    return new Requirement.DependsOnPrimary(
        asked ->
            new Requirement.Refused(
                positionLost(token.position()),
                Flaw.LOST,
                asked
                    .or(system::lastKnown)
                    .map(at -> sessions.issue(at, token.session(), token.systemIdentifier()))
                    .orElse(null)));
  }

  /** A token that is ahead of the primary, asked again, can't be true. */
  private Requirement possible(ClientSession session, @Nullable Consistency consistency) {
    Position seen = session.seen();
    Position known = system.lastKnown().orElse(null);
    if (seen == null || known == null || !isAhead(seen, known)) {
      return levelled(session, consistency, null);
    }
    return new Requirement.DependsOnPrimary(
        asked ->
            asked.isPresent() && isAhead(seen, asked.get())
                ? bad(Flaw.IMPOSSIBLE)
                : levelled(session, consistency, null));
  }

  private static boolean isAhead(Position position, Position known) {
    return position.timeline() == known.timeline() && position.lsn().compareTo(known.lsn()) > 0;
  }

  /** Adds what the level asks for. */
  private Requirement levelled(
      ClientSession session, @Nullable Consistency consistency, @Nullable Flaw flaw) {
    if (consistency == null) {
      return new Requirement.Met(session, flaw);
    }
    return switch (consistency.level()) {
      case EVENTUAL, SESSION -> new Requirement.Met(session, flaw);
      case STRONG -> new Requirement.DependsOnPrimary(asked -> atOrPast(session, asked, flaw));
      case BOUNDED -> {
        Optional<Position> sample =
            Optional.ofNullable(consistency.maxStaleness()).flatMap(system::within);
        yield sample.isPresent()
            ? atOrPast(session, sample, flaw)
            : new Requirement.DependsOnPrimary(asked -> atOrPast(session, asked, flaw));
      }
    };
  }

  private Requirement atOrPast(
      ClientSession session, Optional<Position> position, @Nullable Flaw flaw) {
    if (position.isPresent() && session.isOvertakenBy(position.get())) {
      return afterPromotion(session, position.get(), flaw);
    }
    return new Requirement.Met(
        position
            .map(at -> session.withRequired(session.after(at)))
            .orElseGet(() -> session.unmeetable(system.lastKnown())),
        flaw);
  }

  /**
   * What a promotion that an answer told of leaves of a session: what the client had seen may be
   * lost.
   *
   * @param now where the answer is from, on the new timeline
   */
  public Requirement.Settled afterPromotion(
      ClientSession session, Position now, @Nullable Flaw flaw) {
    if (system.isHistoryAwaited()) {
      return notYet(HISTORY_AWAITED);
    }
    return system
        .history()
        .flatMap(session::carriedOver)
        .<Requirement.Settled>map(
            carried -> new Requirement.Met(carried.withRequired(carried.after(now)), flaw))
        .orElseGet(
            () ->
                new Requirement.Refused(
                    positionLost(session.seen()),
                    Flaw.LOST,
                    sessions.issue(
                        now, session.session(), system.systemIdentifier().orElse(null))));
  }

  private static Problem positionLost(@Nullable Position lost) {
    return Problem.of(
        ProblemCode.POSITION_LOST,
        "The primary was replaced by one that lacks changes up to %s, which this client had written or seen. Read again what matters; the token that comes with this answer goes on from what is there."
            .formatted(lost));
  }
}
