package dev.freshet.sync.apply;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import dev.freshet.sync.capture.RowChange;
import dev.freshet.sync.capture.SourceTransaction;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SelectAnalysis.WantedIndex;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/** Applies source transactions to mirror, models and position, on one connection. */
public final class Applier implements AutoCloseable {

  private final Sql sql;
  private final PositionStore positions;
  private final List<MaintainedModel> models;
  private Map<TableName, Mirror> mirrors = Map.of();
  private Position applied;
  private long epoch;

  /**
   * Works on a connection of its own, which it closes.
   *
   * @param connection to the read database, with the pinned session settings
   */
  public Applier(Connection connection, List<ReadModel> models) {
    this.sql = new Sql(connection);
    this.positions =
        new PositionStore(JdbcClient.create(new SingleConnectionDataSource(connection, true)));
    this.models = models.stream().map(MaintainedModel::new).toList();
    this.applied = new Position(1, Lsn.ZERO);
  }

  public PositionStore positions() {
    return positions;
  }

  /** The tables that the models read. */
  public Set<TableName> tables() {
    return models.stream()
        .flatMap(model -> model.analysis().tables().stream())
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** Goes on from what is stored; models that changed since are made anew from the mirror. */
  public void resume(Collection<SourceTable> tables, PositionStore.Stored stored) {
    mirror(tables);
    applied = stored.position();
    epoch = stored.epoch();
    inTransaction(
        () -> {
          dropOtherModels();
          mirrors.values().forEach(mirror -> mirror.createIndexes(sql, wantedIndexes(mirror)));
          models.stream()
              .filter(
                  model ->
                      !positions
                          .modelHash(model.model().name())
                          .equals(Optional.of(model.model().hash())))
              .forEach(this::rebuild);
        });
  }

  /** Empties the mirror for a first copy. */
  public void beginCopy(
      Collection<SourceTable> tables, String systemIdentifier, String shape, long epoch) {
    mirror(tables);
    this.epoch = epoch;
    inTransaction(
        () -> {
          positions.beginCopy(systemIdentifier, shape, epoch);
          mirrors.values().forEach(mirror -> mirror.create(sql, wantedIndexes(mirror)));
        });
  }

  private void mirror(Collection<SourceTable> tables) {
    mirrors =
        tables.stream()
            .map(Mirror::new)
            .collect(Collectors.toMap(mirror -> mirror.table().name(), Function.identity()));
  }

  private List<WantedIndex> wantedIndexes(Mirror mirror) {
    return models.stream()
        .flatMap(model -> model.analysis().wantedIndexes().stream())
        .filter(index -> index.table().equals(mirror.table().name()))
        .distinct()
        .toList();
  }

  /** Adds rows of the first copy. */
  public void copied(List<RowChange.Upsert> rows) {
    inTransaction(
        () ->
            rows.stream()
                .collect(
                    Collectors.groupingBy(
                        RowChange.Upsert::table, LinkedHashMap::new, Collectors.toList()))
                .forEach((table, upserts) -> mirror(table).load(sql, upserts)));
  }

  /** Makes the models of the complete copy, and opens it to readers. */
  public void completeCopy(Position at) {
    // Without statistics the first plans are bad ones.
    mirrors.keySet().forEach(table -> sql.run("analyze " + table.quoted()));
    inTransaction(
        () -> {
          dropOtherModels();
          models.forEach(this::rebuild);
          positions.completeCopy(at, epoch);
        });
    applied = at;
  }

  private void rebuild(MaintainedModel model) {
    model.rebuild(sql);
    positions.rememberModel(model.model().name(), model.model().hash());
  }

  private void dropOtherModels() {
    List<String> names = models.stream().map(model -> model.model().name()).toList();
    for (String name : positions.otherModels(names)) {
      sql.run("drop table if exists read." + TableName.quoted(name));
      positions.forgetModel(name);
    }
  }

  /**
   * Applies whole transactions, in order, in one transaction: rows, models, position.
   *
   * @param timeline the source's timeline
   */
  public void apply(List<SourceTransaction> transactions, int timeline) {
    SourceTransaction last = transactions.getLast();
    Map<Mirror, TableChanges> changes = collapsed(transactions);
    inTransaction(
        () -> {
          if (!changes.isEmpty()) {
            applyRows(changes);
          }
          positions.advance(
              applied.lsn(), new Position(timeline, last.end()), last.committedAt(), epoch);
        });
    applied = new Position(timeline, last.end());
  }

  private Map<Mirror, TableChanges> collapsed(List<SourceTransaction> transactions) {
    Map<Mirror, TableChanges> changes = new LinkedHashMap<>();
    for (SourceTransaction transaction : transactions) {
      for (RowChange change : transaction.changes()) {
        changes.computeIfAbsent(mirror(change.table()), Mirror::noChanges).add(change);
      }
    }
    return changes;
  }

  private void applyRows(Map<Mirror, TableChanges> changes) {
    Set<TableName> changed =
        changes.keySet().stream().map(m -> m.table().name()).collect(Collectors.toSet());
    Set<TableName> truncated =
        changes.entrySet().stream()
            .filter(entry -> entry.getValue().truncated())
            .map(entry -> entry.getKey().table().name())
            .collect(Collectors.toSet());
    List<MaintainedModel> touched = models.stream().filter(m -> m.reads(changed)).toList();
    List<Set<List<String>>> before = new ArrayList<>();
    for (MaintainedModel model : touched) {
      before.add(model.reads(truncated) ? Set.of() : model.affected(sql, changes));
    }
    changes.forEach((mirror, tableChanges) -> mirror.apply(sql, tableChanges));
    for (int i = 0; i < touched.size(); i++) {
      MaintainedModel model = touched.get(i);
      if (model.reads(truncated)) {
        model.recomputeAll(sql);
      } else {
        Set<List<String>> keys = new LinkedHashSet<>(before.get(i));
        keys.addAll(model.affected(sql, changes));
        model.recompute(sql, keys);
      }
    }
  }

  private Mirror mirror(TableName table) {
    Mirror mirror = mirrors.get(table);
    if (mirror == null) {
      throw new IllegalStateException("Table " + table + " is not mirrored");
    }
    return mirror;
  }

  /** Applied up to here. */
  public Position applied() {
    return applied;
  }

  private void inTransaction(Runnable work) {
    try {
      Connection connection = sql.connection();
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
    sql.close();
  }
}
