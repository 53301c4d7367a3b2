package dev.freshet.gateway.pool;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.protocol.SourceKind;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * An instance as it is configured.
 *
 * @param id unique over all pools
 * @param endpoint where it is, and how it is spoken to
 * @param kind what it reads from; for instances that take writes, the primary
 * @param position URL of its database, for a backend that does not tell positions itself; or null
 * @param weight its share of requests beside others of its kind; with 0 it gets what no other takes
 * @param limit how many requests it gets at a time
 */
public record InstanceSpec(
    String id,
    Endpoint endpoint,
    SourceKind kind,
    @Nullable PostgresUrl position,
    int weight,
    Limit limit) {

  public static final int USUAL_WEIGHT = 100;

  /** Its base URL, without a path. */
  public URI url() {
    return endpoint.url();
  }

  /** What makes it the same instance in another edition of the routes. */
  InstanceSpec identity() {
    return new InstanceSpec(id, endpoint, kind, position, USUAL_WEIGHT, limit);
  }

  @Override
  public String toString() {
    return id; // the position's URL may hold a password
  }
}
