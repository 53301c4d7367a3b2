package dev.freshet.gateway.routing;

import java.net.URI;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who issues the tokens that routes with scopes ask for (JWT, RFC 7519), and how they are checked.
 *
 * @param name that their {@code iss} must have, a URL
 * @param audiences one of which must be in their {@code aud}
 * @param keys where the keys are that they are signed with (JWKS, RFC 7517); null to ask the issuer
 *     (OpenID Connect Discovery 1.0)
 * @param algorithms that they may be signed with, such as {@code RS256}; asymmetric ones only
 */
public record Issuer(
    String name, List<String> audiences, @Nullable URI keys, Set<String> algorithms) {

  public Issuer {
    audiences = List.copyOf(audiences);
    algorithms = Set.copyOf(algorithms);
  }
}
