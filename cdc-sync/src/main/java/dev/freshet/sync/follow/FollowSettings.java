package dev.freshet.sync.follow;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.search.SearchAddress;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of a follower.
 *
 * @param readDatabase URL of the read database
 * @param search addresses of the store's nodes, separated by commas
 * @param store the store's name in the read database
 * @param credentials a file with {@code USER:PASSWORD}, or null
 * @param authority a file of PEM certificates, or null
 * @param replicas copies of each index beside its own
 * @param pause between the ends of two batches, at least
 */
@ConfigurationProperties("freshet.follow")
record FollowSettings(
    String readDatabase,
    String search,
    @DefaultValue("search") String store,
    @Nullable Path credentials,
    @Nullable Path authority,
    @DefaultValue("0") int replicas,
    @DefaultValue("100ms") Duration pause) {

  SearchFollower.Settings followed() {
    return new SearchFollower.Settings(PostgresUrl.parse(readDatabase), store, pause);
  }

  SearchAddress address() {
    return SearchAddress.of(search, credentials, authority);
  }

  @Override
  public String toString() {
    return "FollowSettings[store=" + store + "]"; // the URL may hold a password
  }
}
