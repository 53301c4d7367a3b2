package dev.freshet.gateway.session;

import dev.freshet.gateway.routing.Level;
import dev.freshet.gateway.routing.Route;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.protocol.SessionToken;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A client's level for this request, and what it has written and seen.
 *
 * @param seen null when the client brings no token
 */
public record ClientSession(Level level, @Nullable Position seen) {

  /** How the headers were read. */
  public sealed interface Reading {
    record Read(ClientSession session) implements Reading {}

    record Refused(Problem problem) implements Reading {}
  }

  /**
   * Reads the headers of a read.
   *
   * @param consistency the level asked for, or null
   * @param token the token or tokens, or null
   */
  public static Reading ofRead(
      Route.Read route, @Nullable String consistency, @Nullable String token) {
    Level level = route.level();
    if (consistency != null) {
      try {
        level = Level.parse(consistency.replaceFirst(";.*", "").strip());
      } catch (IllegalArgumentException e) {
        return refused(ProblemCode.LEVEL_NOT_ALLOWED, e.getMessage() + ".");
      }
      if (!route.allowed().contains(level)) {
        return refused(
            ProblemCode.LEVEL_NOT_ALLOWED,
            "This route does not allow %s; it allows %s."
                .formatted(
                    level.text(),
                    route.allowed().stream().map(Level::text).collect(Collectors.joining(", "))));
      }
    }
    if (level == Level.BOUNDED || level == Level.STRONG) {
      return refused(
          ProblemCode.LEVEL_NOT_ALLOWED,
          "%s is not served yet; ask for eventual or session.".formatted(level.text()));
    }
    return read(level, token);
  }

  /** Reads the header of a write. */
  public static Reading ofWrite(@Nullable String token) {
    return read(Level.SESSION, token);
  }

  private static Reading read(Level level, @Nullable String token) {
    if (token == null) {
      return new Reading.Read(new ClientSession(level, null));
    }
    try {
      Optional<SessionToken> latest = SessionToken.read(token);
      return new Reading.Read(
          new ClientSession(level, latest.map(SessionToken::position).orElse(null)));
    } catch (IllegalArgumentException e) {
      return refused(
          ProblemCode.BAD_SESSION,
          "Freshet-Session holds what is no token of this system. Leave it out to start anew.");
    }
  }

  private static Reading refused(ProblemCode code, String detail) {
    return new Reading.Refused(Problem.of(code, detail));
  }

  /** The position that an answer must include; null when any will do. */
  public @Nullable Position required() {
    return level == Level.EVENTUAL ? null : seen;
  }

  /** The token to answer with: present when this answer takes the client further. */
  public Optional<SessionToken> after(@Nullable Position answered, boolean always) {
    if (answered == null) {
      return Optional.empty();
    }
    Position furthest = seen == null ? answered : seen.max(answered);
    return always || !furthest.equals(seen)
        ? Optional.of(new SessionToken(furthest))
        : Optional.empty();
  }
}
