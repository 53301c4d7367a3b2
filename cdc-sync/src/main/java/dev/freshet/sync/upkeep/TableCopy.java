package dev.freshet.sync.upkeep;

import dev.freshet.sync.apply.Applier;
import dev.freshet.sync.apply.Mirror;
import dev.freshet.sync.apply.PendingChanges;
import dev.freshet.sync.apply.Sql;
import dev.freshet.sync.apply.TableChangesApplication;
import dev.freshet.sync.copy.Progress;
import dev.freshet.sync.copy.RowPipe;
import dev.freshet.sync.source.ConsistentSnapshot;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.WatchedDatabases;
import java.sql.SQLException;
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

  private final WatchedDatabases databases;
  private final String slot;
  private final Applier applier;
  private final Consumer<Progress> told;

  TableCopy(WatchedDatabases databases, String slot, Applier applier, Consumer<Progress> told) {
    this.databases = databases;
    this.slot = slot;
    this.applier = applier;
    this.told = told;
  }

  void run(SourceTable table) throws SQLException {
    PendingChanges pending = applier.askBetween(sql -> applier.startCopying(table.name()));
    Mirror mirror = new Mirror(table);
    try (Sql writing = new Sql(databases.openReadDatabase("freshet-sync-copy"))) {
      try (ConsistentSnapshot snapshot = databases.snapshot(slot + "_copy")) {
        pending.copiedAt(snapshot.at());
        fill(snapshot, mirror, writing, told);
      }
      boolean followed = false;
      while (!followed) {
        if (pending.size() > MOST_AT_THE_END) {
          TableChangesApplication.run(writing, mirror, pending.take());
        } else {
          followed =
              applier.askBetween(
                  sql -> {
                    if (pending.size() > MOST_AT_THE_END) {
                      return false;
                    }
                    TableChangesApplication.run(sql, mirror, pending.take());
                    applier.startFollowing(table);
                    return true;
                  });
        }
      }
    }
  }

  /** Makes the mirror of the snapshot's rows. */
  public static void fill(
      ConsistentSnapshot snapshot, Mirror mirror, Sql writing, Consumer<Progress> told)
      throws SQLException {
    SourceTable table = mirror.table();
    mirror.create(writing);
    new RowPipe("copy of " + table.name(), table.estimatedRows(), told)
        .run(
            snapshot.connection(),
            "select %s from %s".formatted(mirror.columnList(), table.name().quoted()),
            writing.connection(),
            "%s (%s)".formatted(table.name().quoted(), mirror.columnList()));
    mirror.addKey(writing);
    // Without statistics the first plans are bad ones.
    writing.run("analyze " + table.name().quoted());
  }
}
