package dev.freshet.write;

import dev.freshet.protocol.ProblemCode;
import dev.freshet.runtime.claims.ClaimsKeys;
import dev.freshet.write.run.Client;
import dev.freshet.write.run.Outcome;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.ServerRequest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Who gives commands, by what the gateway verified and signed. */
final class Clients {

  private final @Nullable ClaimsKeys keys;
  private final Set<String> roles;
  private final @Nullable String ofEverybody;

  /**
   * Tells clients apart.
   *
   * @param keys with which claims are signed; null where nobody's are believed
   * @param roles that claims may name
   * @param ofEverybody of clients whose claims name none of them; null for the login's own
   */
  Clients(@Nullable ClaimsKeys keys, List<String> roles, @Nullable String ofEverybody) {
    this.keys = keys;
    this.roles = Set.copyOf(roles);
    this.ofEverybody = ofEverybody;
  }

  Client of(ServerRequest request) {
    return ClaimsKeys.of(keys, request)
        .map(this::client)
        .orElseGet(() -> new Client(null, Client.NO_CLAIMS, Set.of(), ofEverybody));
  }

  private Client client(ClaimsKeys.Claims claims) {
    JsonNode json = JsonMapper.shared().readTree(claims.json());
    Set<String> scopes = new TreeSet<>();
    for (String name : List.of("scope", "scp")) {
      JsonNode scope = json.path(name);
      Stream<String> named =
          scope.isArray()
              ? scope.valueStream().map(one -> one.asString(""))
              : Arrays.stream(scope.asString("").split(" ", -1));
      named.filter(one -> !one.isEmpty()).forEach(scopes::add);
    }
    String role = claims.role();
    return new Client(
        json.path("sub").isString() ? json.path("sub").stringValue() : null,
        claims.json(),
        scopes,
        role != null && roles.contains(role) ? role : ofEverybody);
  }

  /** Why a client may not give a command that asks for these scopes. */
  Optional<Outcome.Refused> refusal(Client client, List<String> scopes) {
    if (client.scopes().containsAll(scopes)) {
      return Optional.empty();
    }
    return client.claims().equals(Client.NO_CLAIMS)
        ? Optional.of(
            Outcome.Refused.of(
                ProblemCode.UNAUTHENTICATED,
                "This needs a token; send it as Authorization: Bearer TOKEN."))
        : Optional.of(
            Outcome.Refused.of(
                ProblemCode.FORBIDDEN,
                "Your token lacks a scope; this needs %s."
                    .formatted(String.join(" and ", scopes))));
  }
}
