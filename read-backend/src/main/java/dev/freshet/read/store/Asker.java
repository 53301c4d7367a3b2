package dev.freshet.read.store;

import org.jspecify.annotations.Nullable;

/**
 * For whom a query is answered.
 *
 * @param role the role of the database whose policies apply, or null for the login's own
 * @param claims what is known of the client, a JSON object; null where nobody may ask
 * @param timeZone in which times are told, as PostgreSQL names it; null for the store's own
 */
public record Asker(@Nullable String role, @Nullable String claims, @Nullable String timeZone) {

  /** The login itself, without claims. */
  public static final Asker ANYBODY = new Asker(null, null, null);

  @Override
  public String toString() {
    return "Asker[role=%s]".formatted(role); // claims are personal
  }
}
