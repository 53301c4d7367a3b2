package dev.freshet.sync.apply;

import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.sql.TypedColumns;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A source table's copy in the read database: same schema, name, columns and key, and nothing else
 * of the original; what would refuse or rewrite a row there must not do so twice.
 */
public final class Mirror {

  /** Tells a copy from a table that somebody else made. */
  private static final String COMMENT = "freshet mirror";

  private static final String PLACE = "freshet_place";

  private final SourceTable table;
  private final List<SourceTable.Column> columns;
  private final TypedColumns key;
  private final TypedColumns row;
  private final List<Integer> keyPlaces;
  private final String deleteSql;
  private final String upsertSql;

  public Mirror(SourceTable table) {
    this.table = table;
    this.columns = table.storedColumns();
    List<String> names = columns.stream().map(SourceTable.Column::name).toList();
    this.keyPlaces = table.key().stream().map(names::indexOf).toList();
    this.key =
        new TypedColumns(table.key(), keyPlaces.stream().map(i -> columns.get(i).type()).toList());
    this.row = new TypedColumns(names, columns.stream().map(SourceTable.Column::type).toList());
    this.deleteSql =
        "delete from %s t using (%s) k where %s"
            .formatted(table.name().quoted(), key.rows(), key.same("t", "k", false));
    this.upsertSql = upsertSql(names);
  }

  private String upsertSql(List<String> names) {
    String sets =
        names.stream()
            .filter(name -> !table.key().contains(name))
            .map(name -> "%1$s = excluded.%1$s".formatted(TableName.quoted(name)))
            .collect(Collectors.joining(", "));
    return "insert into %s (%s) %s on conflict (%s) do %s"
        .formatted(
            table.name().quoted(),
            row.list(),
            row.rows(),
            key.list(),
            sets.isEmpty() ? "nothing" : "update set " + sets);
  }

  public SourceTable table() {
    return table;
  }

  TableChanges noChanges() {
    return new TableChanges(keyPlaces);
  }

  /** The columns that are stored, as a list for SQL. */
  public String columnList() {
    return row.list();
  }

  /**
   * Drops the copy that is there and makes an empty one, without key and indexes.
   *
   * @throws SyncRefused when a table of that name is there that is no copy
   */
  public void create(Sql sql) {
    String quoted = table.name().quoted();
    requireOurs(sql);
    sql.run("create schema if not exists " + TableName.quoted(table.name().schema()));
    sql.run("drop table if exists " + quoted + " cascade");
    sql.run("create table %s (%s)".formatted(quoted, table.columnDefinitions()));
    sql.run("comment on table %s is %s".formatted(quoted, TableName.literal(COMMENT)));
  }

  private void requireOurs(Sql sql) {
    List<List<@Nullable String>> comment = sql.commentOf(table.name().quoted());
    if (!comment.isEmpty() && !COMMENT.equals(comment.getFirst().getFirst())) {
      throw new SyncRefused(
          "The read database has a table %s of its own, which would be replaced. Move it away, or use another database."
              .formatted(table.name()));
    }
  }

  /**
   * Alters a copy as its table was altered. Needs an open transaction.
   *
   * @return false when it can't be altered so
   */
  static boolean alter(Sql sql, SourceTable table, List<String> actions) {
    sql.run("savepoint alteration");
    try {
      actions.forEach(action -> sql.run("alter table " + table.name().quoted() + " " + action));
    } catch (ApplyFailed e) {
      if (!e.isByContent()) {
        throw e;
      }
      sql.run("rollback to savepoint alteration");
      return false;
    }
    Set<String> there = new HashSet<>();
    sql.columnsOf(table.name().quoted()).forEach(column -> there.add(column.getFirst()));
    // A type that was made again has taken its columns with it.
    return table.columns().stream().allMatch(column -> there.contains(column.name()));
  }

  /** Drops the copy. */
  void drop(Sql sql) {
    requireOurs(sql);
    sql.run("drop table if exists " + table.name().quoted() + " cascade");
  }

  /** Adds the key, once the rows are there. */
  public void addKey(Sql sql) {
    sql.run("alter table %s add primary key (%s)".formatted(table.name().quoted(), key.list()));
  }

  /** Its indexes beside the key's. */
  public MirrorIndexes indexes() {
    return new MirrorIndexes(table);
  }

  /** A SELECT of the rows with these keys, to stand in a FROM; binds {@link #bind}. */
  String selectByKeys() {
    return key.lookUp(table.name().quoted());
  }

  /** The arrays that {@link #selectByKeys} binds. */
  List<@Nullable String[]> bind(Collection<? extends List<? extends @Nullable String>> keys) {
    return key.arrays(keys);
  }

  /**
   * How a row is to be.
   *
   * @param row its values; null when it is to be gone
   */
  record Write(List<String> key, @Nullable List<@Nullable String> row) {

    /** Whether values are missing that were never sent, nor are here. */
    boolean isIncomplete() {
      return row != null && row.stream().anyMatch(RowChange::isUnchanged);
    }
  }

  /**
   * Makes the rows as the changes say.
   *
   * @throws ApplyFailed when a row is refused; also when it lacks values that were not sent
   */
  void apply(Sql sql, TableChanges changes) {
    List<Write> writes = writes(sql, changes);
    for (Write write : writes) {
      if (write.isIncomplete()) {
        throw incomplete(write);
      }
    }
    empty(sql, changes);
    write(sql, writes);
  }

  /** The same for each row that PostgreSQL accepts; the others are handed on. */
  void applyCarefully(Sql sql, TableChanges changes, BiConsumer<Write, ApplyFailed> refused) {
    List<Write> complete = new ArrayList<>();
    for (Write write : writes(sql, changes)) {
      if (write.isIncomplete()) {
        refused.accept(write, incomplete(write));
      } else {
        complete.add(write);
      }
    }
    empty(sql, changes);
    Bisection.run(sql, complete, some -> write(sql, some), refused);
  }

  private ApplyFailed incomplete(Write write) {
    return ApplyFailed.ofRow(
        "The change of row %s of %s left its large values as they were, and the row is not here: it was refused and given up earlier. Write the row again on the source, or give this change up, too."
            .formatted(write.key(), table.name()));
  }

  private void empty(Sql sql, TableChanges changes) {
    if (changes.truncated()) {
      // Not TRUNCATE: readers with an older snapshot would see an empty table.
      sql.run("delete from " + table.name().quoted());
    }
  }

  /** The arrays of the complete rows that changes make, one for each stored column. */
  List<@Nullable String[]> newRows(Sql sql, TableChanges changes) {
    return row.arrays(
        withUnsentValues(sql, changes.upserted()).stream()
            .filter(values -> values.stream().noneMatch(RowChange::isUnchanged))
            .toList());
  }

  /** A SELECT of rows that are given as arrays: binds {@link #newRows}. */
  String selectNewRows() {
    return row.rows();
  }

  private List<Write> writes(Sql sql, TableChanges changes) {
    List<Write> writes = new ArrayList<>();
    if (!changes.truncated()) {
      changes.deleted().forEach(gone -> writes.add(new Write(gone, null)));
    }
    for (List<@Nullable String> values : withUnsentValues(sql, changes.upserted())) {
      writes.add(new Write(keyOf(values), values));
    }
    return writes;
  }

  @SuppressWarnings("NullAway") // a key's columns are not null
  private List<String> keyOf(List<@Nullable String> values) {
    List<String> found = new ArrayList<>(keyPlaces.size());
    keyPlaces.forEach(place -> found.add(values.get(place)));
    return found;
  }

  private void write(Sql sql, List<Write> writes) {
    List<List<String>> gone =
        writes.stream().filter(write -> write.row() == null).map(Write::key).toList();
    if (!gone.isEmpty()) {
      sql.update(deleteSql, key.arrays(gone));
    }
    List<List<@Nullable String>> rows = new ArrayList<>(writes.size());
    for (Write write : writes) {
      List<@Nullable String> values = write.row();
      if (values != null) {
        rows.add(values);
      }
    }
    if (!rows.isEmpty()) {
      sql.update(upsertSql, row.arrays(rows));
    }
  }

  /** The rows, with the values that were not sent as they are here, where the row is here. */
  private List<List<@Nullable String>> withUnsentValues(Sql sql, List<TableChanges.Final> ends) {
    List<List<@Nullable String>> rows = new ArrayList<>(ends.size());
    List<Integer> incomplete = new ArrayList<>();
    for (TableChanges.Final end : ends) {
      if (end.isIncomplete()) {
        incomplete.add(rows.size());
      }
      rows.add(Objects.requireNonNull(end.row()));
    }
    if (!incomplete.isEmpty()) {
      fill(sql, rows, incomplete, ends);
    }
    return rows;
  }

  private void fill(
      Sql sql,
      List<List<@Nullable String>> rows,
      List<Integer> incomplete,
      List<TableChanges.Final> ends) {
    TypedColumns asked = key.and(PLACE, "int");
    List<List<String>> wanted = new ArrayList<>(incomplete.size());
    for (int place : incomplete) {
      List<String> from = new ArrayList<>(ends.get(place).valuesFrom());
      from.add(Integer.toString(place));
      wanted.add(from);
    }
    List<List<@Nullable String>> found =
        sql.query(
            "select k.%s, %s from (%s) k join %s t on %s"
                .formatted(
                    PLACE,
                    row.columns().stream()
                        .map(column -> "t." + TableName.quoted(column))
                        .collect(Collectors.joining(", ")),
                    asked.rows(),
                    table.name().quoted(),
                    key.same("t", "k", false)),
            asked.arrays(wanted));
    for (List<@Nullable String> values : found) {
      int place = Integer.parseInt(String.valueOf(values.getFirst()));
      rows.set(place, RowChange.filled(rows.get(place), values.subList(1, values.size())));
    }
  }
}
