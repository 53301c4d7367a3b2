package dev.freshet.sync.upkeep;

import dev.freshet.sync.apply.Applier;
import dev.freshet.sync.apply.Mirror;
import dev.freshet.sync.apply.PendingChanges;
import dev.freshet.sync.apply.Sql;
import dev.freshet.sync.apply.TableChangesApplication;
import dev.freshet.sync.connection.WatchedDatabase;
import dev.freshet.sync.copy.Progress;
import dev.freshet.sync.copy.RowPipe;
import dev.freshet.sync.model.EndSession;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.Seed;
import dev.freshet.sync.source.SourceTable;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/**
 * Copies a table while the changes of all others go on being applied.
 *
 * <p>From its registration on the table's changes are kept. The rows are those of a consistent
 * position of the source, made later; of the kept changes, those that ended after it are applied on
 * top. When few are left the last are applied between two batches, and the table is followed.
 */
public final class TableCopy {

  /** Changes that may be applied while everything else waits. */
  private static final int MOST_AT_THE_END = 500;

  private final ChangeSource source;
  private final WatchedDatabase readDatabase;
  private final Applier applier;
  private final Consumer<Place> wish;
  private final Consumer<Progress> told;

  /**
   * Prepares copies.
   *
   * @param wish is told which place the sync had best get to soon
   */
  TableCopy(
      ChangeSource source,
      WatchedDatabase readDatabase,
      Applier applier,
      Consumer<Place> wish,
      Consumer<Progress> told) {
    this.source = source;
    this.wish = wish;
    this.readDatabase = readDatabase;
    this.applier = applier;
    this.told = told;
  }

  void run(SourceTable table) throws SQLException {
    PendingChanges pending = applier.askBetween(kept -> kept.startCopying(table.name()));
    Mirror mirror = new Mirror(table);
    try (Sql writing = new Sql(readDatabase.open("freshet-sync-copy"))) {
      Place at;
      try (Seed snapshot = source.snapshot()) {
        at = snapshot.at();
        pending.copiedAt(at);
        fill(snapshot, mirror, writing, told);
      }
      awaitApplied(at);
      boolean followed = false;
      while (!followed) {
        if (pending.size() > MOST_AT_THE_END) {
          TableChangesApplication.run(writing, mirror, pending.take());
        } else {
          followed =
              applier.askBetween(
                  kept -> {
                    if (pending.size() > MOST_AT_THE_END) {
                      return false;
                    }
                    TableChangesApplication.run(kept.sql(), mirror, pending.take());
                    kept.follow(table, applier.applied());
                    return true;
                  });
        }
      }
    }
  }

  /**
   * Waits until the other tables are where the copy is. Before that, changes of this one that the
   * copy has already would come again: of a table that had its name before, perhaps.
   */
  private void awaitApplied(Place at) {
    CountDownLatch reached = new CountDownLatch(1);
    applier.between(
        kept -> {
          if (applier.applied().compareTo(at) >= 0) {
            reached.countDown();
          } else {
            kept.stopAt(at, reached::countDown);
          }
        });
    wish.accept(at);
    try {
      reached.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EndSession.outdated("The session ended while a table was copied.");
    }
  }

  /** Makes the mirror of the seed's rows. */
  public static void fill(Seed seed, Mirror mirror, Sql writing, Consumer<Progress> told)
      throws SQLException {
    SourceTable table = mirror.table();
    List<String> columns = table.storedColumns().stream().map(SourceTable.Column::name).toList();
    // Whole or not at all: a table without its comment would not be known as a copy.
    writing.inTransaction(() -> mirror.create(writing));
    new RowPipe("copy of " + table.name(), table.estimatedRows(), told)
        .run(
            rows -> seed.read(table, columns, rows::accept),
            writing.connection(),
            "%s (%s)".formatted(table.name().quoted(), mirror.columnList()));
    mirror.addKey(writing);
    // Without statistics the first plans are bad ones.
    writing.run("analyze " + table.name().quoted());
  }
}
