package dev.freshet.sync.upkeep;

import dev.freshet.sync.apply.Applier;
import dev.freshet.sync.apply.ApplyFailed;
import dev.freshet.sync.apply.BuildingModel;
import dev.freshet.sync.apply.Sql;
import dev.freshet.sync.connection.WatchedDatabase;
import dev.freshet.sync.copy.Progress;
import dev.freshet.sync.copy.RowPipe;
import dev.freshet.sync.inference.ModelPlan;
import dev.freshet.sync.model.ModelFiles.Declared;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Makes a model's table beside the one that serves, and puts it in its place.
 *
 * <p>First what changes touch is noted, then the rows are computed over one snapshot of the mirror,
 * then what was noted is recomputed, some of it between any two batches, until nothing is left and
 * the tables change places in one transaction. Changes go on being applied all the while.
 */
final class ModelBuild {

  private static final Duration BETWEEN_SWAPS = Duration.ofMillis(100);

  private final WatchedDatabase readDatabase;
  private final Applier applier;
  private final Consumer<Progress> told;

  ModelBuild(WatchedDatabase readDatabase, Applier applier, Consumer<Progress> told) {
    this.readDatabase = readDatabase;
    this.applier = applier;
    this.told = told;
  }

  void run(Declared declared, ModelPlan plan, long expectedRows) throws SQLException {
    BuildingModel building = new BuildingModel(declared, plan);
    applier.between(
        kept -> {
          building.create(kept.sql());
          kept.startBuilding(building);
        });
    try {
      fill(building, plan, expectedRows);
      boolean swapped = false;
      while (!swapped) {
        swapped = tryToSwap(building);
      }
    } catch (SQLException | RuntimeException e) {
      applier.between(
          kept -> {
            kept.stopBuilding(plan.model().name());
            building.drop(kept.sql());
          });
      throw e;
    }
  }

  private void fill(BuildingModel building, ModelPlan plan, long expectedRows) throws SQLException {
    try (Connection reading = readDatabase.open("freshet-sync-build");
        Sql writing = new Sql(readDatabase.open("freshet-sync-build"));
        Statement snapshot = reading.createStatement()) {
      reading.setAutoCommit(false);
      snapshot.execute("set transaction isolation level repeatable read read only");
      new RowPipe("build of " + plan.model().name(), expectedRows, told)
          .run(RowPipe.Origin.of(reading, plan.select()), writing.connection(), building.table());
      if (building.statesSelect().isPresent()) {
        new RowPipe("states of " + plan.model().name(), 0, told)
            .run(
                RowPipe.Origin.of(reading, building.statesSelect().get()),
                writing.connection(),
                building.states());
      }
      building.addIndexes(writing, writing.serverMajor());
    }
  }

  /** Catches up with some of what was noted; puts the table in place once nothing is left. */
  private boolean tryToSwap(BuildingModel building) {
    try {
      return applier.askBetween(
          kept -> {
            if (!building.catchUp(kept.sql())) {
              return false;
            }
            building.swap(kept);
            return true;
          });
    } catch (ApplyFailed e) {
      if (!e.isLockNotAvailable()) {
        throw e;
      }
      // Somebody reads the old table for long; changes go on meanwhile.
      LockSupport.parkNanos(BETWEEN_SWAPS.toNanos());
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      return false;
    }
  }
}
