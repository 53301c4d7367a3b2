package dev.freshet.sync;

import dev.freshet.sync.apply.Applier;
import dev.freshet.sync.apply.ApplyFailed;
import dev.freshet.sync.apply.Mirror;
import dev.freshet.sync.apply.Sql;
import dev.freshet.sync.connection.WatchedDatabase;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.Seed;
import dev.freshet.sync.source.SourceFailed;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.status.Observation;
import dev.freshet.sync.upkeep.TableCopy;
import java.sql.SQLException;
import java.util.Collection;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Copies all tables as they are at one place, where the capture then begins. */
final class FirstCopy {

  private static final Logger log = LoggerFactory.getLogger(FirstCopy.class);

  private final ChangeSource source;
  private final WatchedDatabase readDatabase;
  private final Applier applier;
  private final Consumer<Observation> observer;

  FirstCopy(
      ChangeSource source,
      WatchedDatabase readDatabase,
      Applier applier,
      Consumer<Observation> observer) {
    this.source = source;
    this.readDatabase = readDatabase;
    this.applier = applier;
    this.observer = observer;
  }

  void run(Collection<SourceTable> tables) throws SQLException {
    applier.beginCopy(source.origin().system());
    try (Seed seed = source.seed();
        Sql writing = new Sql(readDatabase.open("freshet-sync-copy"))) {
      for (SourceTable table : tables) {
        if (isCopied(seed, table, writing)) {
          applier.between(kept -> kept.follow(table, seed.at()));
        }
      }
      applier.completeCopy(seed.at());
    }
  }

  /** A table that can't be copied is left to the upkeep, which tells it of its models. */
  private boolean isCopied(Seed seed, SourceTable table, Sql writing) {
    try {
      TableCopy.fill(
          seed,
          new Mirror(table),
          writing,
          progress -> observer.accept(new Observation.Progressed(progress)));
      return true;
    } catch (ApplyFailed e) {
      return skipped(table, e, e.isByContent());
    } catch (SourceFailed e) {
      return skipped(table, e, e.isByContent());
    } catch (SQLException e) {
      ApplyFailed failure = new ApplyFailed(e);
      return skipped(table, failure, failure.isByContent());
    }
  }

  private static boolean skipped(SourceTable table, RuntimeException why, boolean isByContent) {
    if (!isByContent) {
      throw why;
    }
    log.warn("Table {} can't be copied: {}", table.name(), why.getMessage());
    return false;
  }
}
