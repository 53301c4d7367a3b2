package dev.freshet.sync.seed;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.postgres.PrimaryFinder;
import dev.freshet.sync.connection.Connections;
import dev.freshet.sync.connection.WatchedDatabase;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.slot.ConsistentSnapshot;
import dev.freshet.sync.slot.SourceCatalogue;
import dev.freshet.sync.slot.SourceDatabase;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.Seed;
import dev.freshet.sync.source.SourceTable;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server that can give rows to a copy: a read database that is further than the copy, or the
 * primary.
 *
 * @param url of it
 */
public record SeedServer(PostgresUrl url) {

  private static final Logger log = LoggerFactory.getLogger(SeedServer.class);

  /** Transactions that are open on the primary hold a snapshot up. */
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(10);

  /**
   * What is wanted of it.
   *
   * @param system whose rows
   * @param atLeast the place that the rows are at, or before
   * @param tables with the columns that they are to have
   * @param since from where on the log has all changes of a table; empty while that is not known
   * @param slot a name for what the primary makes for as long as it is asked
   */
  public record Wanted(
      String system,
      Place atLeast,
      Map<TableName, SourceTable> tables,
      Map<TableName, Place> since,
      String slot) {}

  /**
   * Gives the rows.
   *
   * @throws SeedUnfit when it can't; it says why
   */
  public Seed seed(Wanted wanted) throws SeedUnfit {
    WatchedDatabase watched = null;
    try {
      boolean isPeer = isReadDatabase();
      watched =
          new WatchedDatabase(
              "seed", isPeer ? url : PrimaryFinder.now(url), why -> log.warn("{}", why));
      return new WatchedSeed(
          isPeer ? PeerSeed.of(watched, wanted) : ofPrimary(watched, wanted), watched);
    } catch (SQLException e) {
      close(watched);
      throw new SeedUnfit("%s: %s".formatted(url, e.getMessage()), e);
    } catch (SeedUnfit | RuntimeException e) {
      close(watched);
      throw e;
    }
  }

  private static void close(@Nullable WatchedDatabase watched) {
    if (watched != null) {
      watched.close();
    }
  }

  /** Broken off when its server does not answer any more. */
  private record WatchedSeed(Seed seed, WatchedDatabase watched) implements Seed {

    @Override
    public Place at() {
      return seed.at();
    }

    @Override
    public void read(SourceTable table, List<String> columns, Rows rows) {
      seed.read(table, columns, rows);
    }

    @Override
    public void close() {
      try (watched) {
        seed.close();
      }
    }
  }

  /** The primary, if this is it. */
  public Optional<PostgresUrl> primary() throws SQLException {
    return isReadDatabase() ? Optional.empty() : Optional.of(url);
  }

  private boolean isReadDatabase() throws SQLException {
    try (Connection connection = Connections.openToLook(url);
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("select to_regclass('freshet.position') is not null")) {
      row.next();
      return row.getBoolean(1);
    }
  }

  private Seed ofPrimary(WatchedDatabase watched, Wanted wanted) throws SQLException, SeedUnfit {
    PostgresUrl now = watched.url();
    try (SourceDatabase primary = SourceDatabase.connect(now)) {
      String system = SourceDatabase.systemIdentifier(primary.db());
      if (!system.equals(wanted.system())) {
        throw new SeedUnfit("%s is another system than the log's".formatted(url));
      }
      ConsistentSnapshot snapshot =
          ConsistentSnapshot.now(now, wanted.slot(), LONGEST_WAIT, watched::guard);
      try {
        requireSame(wanted, new SourceCatalogue(primary));
        if (!snapshot.at().isAtOrPast(wanted.atLeast())) {
          throw new SeedUnfit(
              "%s is at %s, and %s is needed".formatted(url, snapshot.at(), wanted.atLeast()));
        }
        return snapshot;
      } catch (SeedUnfit | RuntimeException e) {
        snapshot.close();
        throw e;
      }
    }
  }

  /** Rows of other columns would go into the wrong ones. */
  private void requireSame(Wanted wanted, SourceCatalogue catalogue) throws SeedUnfit {
    for (SourceTable table : wanted.tables().values()) {
      if (!catalogue.find(table.name()).map(now -> now.isAs(table)).orElse(false)) {
        throw new SeedUnfit(
            "%s has another table %s by now than the log".formatted(url, table.name()));
      }
    }
  }
}
