package dev.freshet.gateway.access;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * What a valid token says of who sent it.
 *
 * @param principal its subject
 * @param until when it stops to be valid
 */
record Bearer(Principal principal, Set<String> scopes, Instant until) {

  Bearer {
    scopes = Set.copyOf(scopes);
  }

  /** Admits to what needs these scopes, all of them. */
  Admission.Settled to(List<String> needed) {
    if (scopes.containsAll(needed)) {
      return new Admission.Admitted(principal);
    }
    String all = String.join(" ", needed);
    return new Admission.Refused(
        Problem.of(
            ProblemCode.FORBIDDEN,
            "The token does not have all scopes that this needs: %s.".formatted(all)),
        "%s error=\"insufficient_scope\", scope=\"%s\"".formatted(Admission.SCHEME, all));
  }
}
