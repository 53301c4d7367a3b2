package dev.freshet.sync;

import dev.freshet.postgres.NotConnected;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.postgres.PrimaryFinder;
import dev.freshet.sync.log.LogAddress;
import dev.freshet.sync.log.LogSources;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.seed.SeedServer;
import dev.freshet.sync.slot.SlotSources;
import dev.freshet.sync.source.ChangeSources;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Consumer;

/** How a sync gets at its source, as its settings name it. */
sealed interface SourceAccess {

  /** The access that settings name. */
  static SourceAccess of(SyncSettings settings, BrokerSettings broker, Clock clock) {
    String log = settings.log();
    String primary = settings.primary();
    if (log != null && primary != null) {
      throw new SyncRefused(
          "A sync follows a log or a primary, and was given both. Leave out --log or --primary; a primary that gives rows to a copy of a log is a --seed.");
    }
    if (log != null) {
      LogAddress address = LogAddress.parse(log);
      return new OfLog(
          new LogSources.Settings(
              address.access(broker.properties()),
              settings.name(),
              settings.slotName() + "_seed",
              settings.seed().stream().map(PostgresUrl::parse).map(SeedServer::new).toList(),
              clock));
    }
    if (primary == null) {
      throw new SyncRefused(
          "A sync needs a source. Name the primary with --primary, or a log with --log.");
    }
    return new OfPrimary(PostgresUrl.parse(primary), settings.slotName(), clock);
  }

  /**
   * Opens the source for a session.
   *
   * @param givenUp learns it, once, when the source does not answer any more
   */
  ChangeSources open(Consumer<String> givenUp);

  /** The server that is the primary now; empty where none is known. */
  Optional<PostgresUrl> primary();

  /** By a slot of its own. */
  record OfPrimary(PostgresUrl servers, String slot, Clock clock) implements SourceAccess {

    @Override
    public ChangeSources open(Consumer<String> givenUp) {
      return new SlotSources(new SlotSources.Settings(servers, now(), slot, clock), givenUp);
    }

    @Override
    public Optional<PostgresUrl> primary() {
      return Optional.of(now());
    }

    /** The server of the URL that is the primary now; of one server that one. */
    PostgresUrl now() {
      try {
        return PrimaryFinder.now(servers);
      } catch (NotConnected e) {
        throw new IllegalStateException(e.getMessage(), e);
      }
    }
  }

  /** By a log on a broker, where nobody watches over connections but the client. */
  record OfLog(LogSources.Settings settings) implements SourceAccess {

    @Override
    public ChangeSources open(Consumer<String> givenUp) {
      return new LogSources(settings);
    }

    @Override
    public Optional<PostgresUrl> primary() {
      for (SeedServer seed : settings.seeds()) {
        try {
          Optional<PostgresUrl> primary = seed.primary();
          if (primary.isPresent()) {
            return primary;
          }
        } catch (SQLException e) {
          // Another one may be.
        }
      }
      return Optional.empty();
    }
  }
}
