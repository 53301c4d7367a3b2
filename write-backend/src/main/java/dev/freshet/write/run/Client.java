package dev.freshet.write.run;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who gives a command.
 *
 * @param principal the verified claim {@code sub}; null for a client that nobody knows
 * @param claims all that was verified, as a JSON object; empty for a client that nobody knows
 * @param scopes that the claims name
 * @param role as whom statements run where the command names no role; null for the login itself
 */
public record Client(
    @Nullable String principal, String claims, Set<String> scopes, @Nullable String role) {

  /** Without claims. */
  public static final String NO_CLAIMS = "{}";

  public Client {
    scopes = Set.copyOf(scopes);
  }

  @Override
  public String toString() {
    return "Client[role=%s]".formatted(role); // the claims are personal
  }
}
