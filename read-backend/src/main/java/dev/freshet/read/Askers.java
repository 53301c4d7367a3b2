package dev.freshet.read;

import dev.freshet.protocol.PostgrestError;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.query.Refused;
import dev.freshet.read.store.Asker;
import dev.freshet.runtime.claims.ClaimsKeys;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.ServerRequest;

/**
 * As whom reads are answered: by the role that the client's verified claims name, if it is one of
 * those that may be named, and else by the role of everybody. Without roles in the settings reads
 * are answered as the login itself.
 */
final class Askers {

  private static final String NO_CLAIMS = "{}";

  private final @Nullable ClaimsKeys keys;
  private final Set<String> roles;
  private final @Nullable String ofEverybody;

  /**
   * Decides by the settings.
   *
   * @param keys with which claims are signed; null where nobody's are believed
   * @param roles that claims may name
   * @param ofEverybody of clients whose claims name none of them; null where these are refused
   */
  Askers(@Nullable ClaimsKeys keys, List<String> roles, @Nullable String ofEverybody) {
    this.keys = keys;
    this.roles = Set.copyOf(roles);
    this.ofEverybody = ofEverybody;
  }

  /** As whom a request is answered, or why it is not. */
  sealed interface Choice {
    record As(Asker asker) implements Choice {}

    record Rejected(Refused refused) implements Choice {}
  }

  /** Whether what a client sees depends on its token. */
  boolean haveRoles() {
    return !roles.isEmpty() || ofEverybody != null;
  }

  Choice of(ServerRequest request, @Nullable String timeZone) {
    Optional<ClaimsKeys.Claims> claims = ClaimsKeys.of(keys, request);
    String json = claims.map(ClaimsKeys.Claims::json).orElse(null);
    if (!haveRoles()) {
      return new Choice.As(new Asker(null, json, timeZone));
    }
    String named = claims.map(ClaimsKeys.Claims::role).filter(roles::contains).orElse(ofEverybody);
    return named == null
        ? new Choice.Rejected(notAllowed(claims.isPresent()))
        : new Choice.As(new Asker(named, json == null ? NO_CLAIMS : json, timeZone));
  }

  private static Refused notAllowed(boolean isKnown) {
    return isKnown
        ? Refused.of(ProblemCode.FORBIDDEN, "Your token names no role that may read here.")
        : Refused.of(
            ProblemCode.UNAUTHENTICATED,
            "This needs a token; send it as Authorization: Bearer TOKEN.");
  }

  /** A model of which a role sees nothing. */
  static Refused seesNothing(String model, Asker asker) {
    boolean isAnybody = asker.claims() == null || asker.claims().equals(NO_CLAIMS);
    String message = "permission denied for table " + model;
    return isAnybody
        ? new Refused(
            Problem.of(
                ProblemCode.UNAUTHENTICATED,
                "'%s' is not for everybody; send a token as Authorization: Bearer TOKEN."
                    .formatted(model)),
            new PostgrestError(401, "42501", message, null, null))
        : new Refused(
            Problem.of(ProblemCode.FORBIDDEN, "Your role may not read '%s'.".formatted(model)),
            new PostgrestError(403, "42501", message, null, null));
  }
}
