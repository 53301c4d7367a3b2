package dev.freshet.gateway.access;

import dev.freshet.gateway.routing.Access;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Whether a request may go on, by what its route asks of it. */
public sealed interface Admission {

  /** It is decided. */
  sealed interface Settled extends Admission {}

  /**
   * It may.
   *
   * @param principal who its token says it is from; null on routes that ask for no token
   */
  record Admitted(@Nullable Principal principal) implements Settled {}

  /**
   * It may not.
   *
   * @param challenge the value of {@code WWW-Authenticate} (RFC 6750, 3); null without one
   */
  record Refused(Problem problem, @Nullable String challenge) implements Settled {

    static Refused unauthenticated(String detail, String challenge) {
      return new Refused(Problem.of(ProblemCode.UNAUTHENTICATED, detail), challenge);
    }
  }

  /** It depends on its token. */
  record ByToken(String token, List<String> scopes) implements Admission {

    public ByToken {
      scopes = List.copyOf(scopes);
    }

    @Override
    public String toString() {
      return "ByToken"; // the token is a secret
    }
  }

  String SCHEME = "Bearer";

  Admitted TO_EVERYBODY = new Admitted(null);

  /**
   * Decides as far as can be without checking a token.
   *
   * @param authorization gives the values of {@code Authorization}
   */
  static Admission of(Access access, Intent intent, Supplier<List<String>> authorization) {
    return of(access, scoped -> scoped.of(intent), authorization);
  }

  /**
   * Decides on a request whose intent is not known yet: a token is asked for, whatever it allows.
   */
  static Admission ofAnyIntent(Access access, Supplier<List<String>> authorization) {
    return of(access, scoped -> List.of(), authorization);
  }

  private static Admission of(
      Access access,
      Function<Access.Scoped, List<String>> scopes,
      Supplier<List<String>> authorization) {
    return switch (access) {
      case Access.Open() -> TO_EVERYBODY;
      case Access.Scoped scoped -> {
        List<String> sent = authorization.get();
        if (sent.size() != 1) {
          yield Refused.unauthenticated(
              sent.isEmpty()
                  ? "This needs a token; send it as Authorization: Bearer TOKEN."
                  : "There is more than one Authorization header.",
              SCHEME);
        }
        String[] parts = sent.getFirst().strip().split(" +", 2);
        yield parts.length == 2 && parts[0].equalsIgnoreCase(SCHEME)
            ? new ByToken(parts[1], scopes.apply(scoped))
            : Refused.unauthenticated(
                "This needs a token; send it as Authorization: Bearer TOKEN.", SCHEME);
      }
    };
  }
}
