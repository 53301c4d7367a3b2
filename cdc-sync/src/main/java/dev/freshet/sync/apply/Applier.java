package dev.freshet.sync.apply;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import dev.freshet.sync.capture.RowChange;
import dev.freshet.sync.capture.SourceTransaction;
import dev.freshet.sync.inference.ModelPlan;
import dev.freshet.sync.model.ModelFiles.Declared;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * Applies source transactions to mirrors, models and position, on one connection.
 *
 * <p>Others work {@linkplain #between between} two batches: one at a time, in a transaction of
 * their own, when everything is at the {@linkplain #applied applied} position.
 */
public final class Applier implements AutoCloseable {

  private final ReentrantLock lock = new ReentrantLock(true);

  private final Sql sql;
  private final PositionStore positions;
  private final ModelStore modelStore;
  private final MirrorStore mirrorStore;
  private final Map<TableName, Mirror> mirrors = new LinkedHashMap<>();
  private final Map<TableName, PendingChanges> copying = new LinkedHashMap<>();
  private final Map<String, MaintainedModel> models = new LinkedHashMap<>();
  private final Map<String, BuildingModel> building = new LinkedHashMap<>();
  private Position applied;
  private long epoch;

  /**
   * Works on a connection of its own, which it closes.
   *
   * @param connection to the read database, with the pinned session settings
   */
  public Applier(Connection connection) {
    JdbcClient db = JdbcClient.create(new SingleConnectionDataSource(connection, true));
    this.sql = new Sql(connection);
    this.positions = new PositionStore(db);
    this.modelStore = new ModelStore(db);
    this.mirrorStore = new MirrorStore(db);
    this.applied = new Position(1, Lsn.ZERO);
  }

  public PositionStore positions() {
    return positions;
  }

  public ModelStore modelStore() {
    return modelStore;
  }

  public MirrorStore mirrorStore() {
    return mirrorStore;
  }

  /** Makes the schema that all of this is kept in. */
  public void install() {
    positions.install();
    modelStore.install();
    mirrorStore.install();
    sql.run("create schema if not exists read");
  }

  /** Goes on from what is stored. */
  public void resume(PositionStore.Stored stored) {
    applied = stored.position();
    epoch = stored.epoch();
    mirrorStore.all().values().forEach(table -> mirrors.put(table.name(), new Mirror(table)));
  }

  /** Empties everything for a first copy; readers stay away until it is complete. */
  public void beginCopy(String systemIdentifier, long epoch) {
    this.epoch = epoch;
    mirrors.clear();
    inTransaction(
        () -> {
          positions.beginCopy(systemIdentifier, epoch);
          mirrorStore.all().keySet().forEach(mirrorStore::forget);
          for (ModelStore.Stored model : modelStore.all()) {
            modelStore.change(model.name(), ModelStore.State.BUILDING, "");
          }
        });
  }

  /** Says that the first copy is complete. */
  public void completeCopy(Position at) {
    inTransaction(() -> positions.completeCopy(at, epoch));
    applied = at;
  }

  /** Works between two batches, in a transaction; what it throws rolls that back. */
  public <T> T between(Function<Sql, T> work) {
    lock.lock();
    try {
      List<T> result = new ArrayList<>(1);
      inTransaction(() -> result.add(work.apply(sql)));
      return result.getFirst();
    } finally {
      lock.unlock();
    }
  }

  /** Whether a table's rows are all there and followed. */
  public boolean isMirrored(TableName table) {
    return mirrors.containsKey(table);
  }

  /** Keeps a table's changes until its rows are copied. Only {@linkplain #between between}. */
  public PendingChanges startCopying(TableName table) {
    mirrors.remove(table);
    mirrorStore.forget(table);
    PendingChanges pending = new PendingChanges();
    copying.put(table, pending);
    return pending;
  }

  /** Follows a table from now on. Only {@linkplain #between between}, with nothing pending. */
  public void startFollowing(SourceTable table) {
    copying.remove(table.name());
    mirrorStore.put(table);
    mirrors.put(table.name(), new Mirror(table));
  }

  /**
   * Alters a mirror as its table was altered. Only {@linkplain #between between}.
   *
   * @param actions as in ALTER TABLE
   */
  public void alter(SourceTable table, List<String> actions) {
    actions.forEach(action -> sql.run("alter table " + table.name().quoted() + " " + action));
    startFollowing(table);
  }

  /** Drops a table's copy. Only {@linkplain #between between}. */
  public void stopFollowing(TableName table) {
    Mirror mirror = mirrors.remove(table);
    mirrorStore.forget(table);
    if (mirror != null) {
      mirror.drop(sql);
    }
  }

  /** Keeps a model's table from now on. Only {@linkplain #between between}. */
  public void maintain(ModelPlan plan) {
    models.put(plan.model().name(), new MaintainedModel(plan, plan.model().quotedName()));
  }

  /** The model's plan by which its table is kept, or null. */
  public boolean isMaintained(String model) {
    return models.containsKey(model);
  }

  /** Does not follow a model any more, and says why. Only {@linkplain #between between}. */
  public void stop(String model, ModelStore.State state, String reason) {
    models.remove(model);
    modelStore.change(model, state, reason);
  }

  /** Notes what changes touch while a model's new table is filled. */
  public void startBuilding(BuildingModel model) {
    building.put(model.name(), model);
  }

  /** The new table is what is kept from now on, or has been given up. */
  public void stopBuilding(String model) {
    building.remove(model);
  }

  /** Forgets a model that is not declared any more, and drops its table. */
  public void forget(String model) {
    models.remove(model);
    modelStore.forget(model);
    sql.run("drop table if exists read." + TableName.quoted(model));
  }

  /** Stores how a model stands. */
  public void remember(Declared declared, ModelStore.State state, String reason, String kept) {
    modelStore.put(declared, state, reason, kept);
  }

  /**
   * Applies whole transactions, in order, in one transaction: rows, models, position. A model whose
   * SELECT or table refuses them is stopped, and the others go on.
   *
   * @param timeline the source's timeline
   */
  public void apply(List<SourceTransaction> transactions, int timeline) {
    SourceTransaction last = transactions.getLast();
    Position reached = new Position(timeline, last.end());
    lock.lock();
    try {
      boolean done = false;
      while (!done) {
        try {
          inTransaction(
              () -> {
                applyRows(transactions);
                positions.advance(applied.lsn(), reached, last.committedAt(), epoch);
              });
          done = true;
        } catch (ModelFailed e) {
          inTransaction(() -> stop(e.model(), ModelStore.State.STOPPED, e.reason()));
        }
      }
      applied = reached;
      keepPending(transactions);
    } finally {
      lock.unlock();
    }
  }

  private void applyRows(List<SourceTransaction> transactions) {
    if (transactions.stream().allMatch(transaction -> transaction.changes().isEmpty())) {
      return;
    }
    models.values().forEach(model -> model.begin(sql));
    building.values().forEach(model -> model.maintained().begin(sql));
    ChangeCollector collector = new ChangeCollector(mirrors, this::applyTable);
    for (SourceTransaction transaction : transactions) {
      transaction.changes().forEachChunk(collector::add);
    }
    collector.flush();
    models.values().forEach(model -> ModelFailed.watch(model, () -> model.finish(sql)));
    building.values().forEach(model -> model.note(sql));
  }

  /** One table's changes at a time: what they touch is seen before them and after them. */
  private void applyTable(Mirror mirror, TableChanges changes) {
    List<MaintainedModel> readers = new ArrayList<>(models.values());
    building.values().forEach(model -> readers.add(model.maintained()));
    readers.removeIf(model -> !model.reads(mirror.table().name()));
    readers.forEach(m -> ModelFailed.watch(m, () -> m.touch(sql, mirror, changes)));
    mirror.apply(sql, changes);
    readers.forEach(m -> ModelFailed.watch(m, () -> m.touch(sql, mirror, changes)));
  }

  private void keepPending(List<SourceTransaction> transactions) {
    if (copying.isEmpty()) {
      return;
    }
    for (SourceTransaction transaction : transactions) {
      transaction
          .changes()
          .forEachChunk(
              chunk -> {
                for (RowChange change : chunk) {
                  PendingChanges pending = copying.get(change.table());
                  if (pending != null) {
                    pending.add(transaction.end(), change);
                  }
                }
              });
    }
  }

  /** Applied up to here. */
  public Position applied() {
    return applied;
  }

  private void inTransaction(Runnable work) {
    Connection connection = sql.connection();
    try {
      connection.setAutoCommit(false);
      try {
        work.run();
        connection.commit();
      } catch (Throwable e) {
        connection.rollback();
        throw e;
      } finally {
        connection.setAutoCommit(true);
      }
    } catch (SQLException e) {
      throw new ApplyFailed(e);
    }
  }

  @Override
  public void close() {
    copying.values().forEach(PendingChanges::close);
    sql.close();
  }
}
