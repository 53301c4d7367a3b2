package dev.freshet.sync.apply;

import dev.freshet.sync.capture.RowChange;
import dev.freshet.sync.inference.WantedIndex;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceTable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A source table's copy in the read database: same schema, name, columns and key, and nothing else
 * of the original; what would refuse or rewrite a row there must not do so twice.
 */
public final class Mirror {

  private static final Logger log = LoggerFactory.getLogger(Mirror.class);

  /** Tells a copy from a table that somebody else made. */
  private static final String COMMENT = "freshet mirror";

  private final SourceTable table;
  private final List<SourceTable.Column> columns;
  private final KeySet key;
  private final List<Integer> keyPlaces;
  private final String deleteSql;
  private final String upsertSql;

  public Mirror(SourceTable table) {
    this.table = table;
    this.columns = table.storedColumns();
    List<String> names = columns.stream().map(SourceTable.Column::name).toList();
    this.keyPlaces = table.key().stream().map(names::indexOf).toList();
    this.key = new KeySet(table.key(), keyPlaces.stream().map(i -> columns.get(i).type()).toList());
    this.deleteSql =
        "delete from %s t using (%s) k where %s"
            .formatted(table.name().quoted(), key.rows(), key.same("t", "k", false));
    this.upsertSql = upsertSql(names);
  }

  private String upsertSql(List<String> names) {
    String list = names.stream().map(TableName::quoted).collect(Collectors.joining(", "));
    String values =
        IntStream.range(0, names.size())
            .mapToObj(i -> "v%d::%s".formatted(i, columns.get(i).type()))
            .collect(Collectors.joining(", "));
    String sets =
        names.stream()
            .filter(name -> !table.key().contains(name))
            .map(name -> "%1$s = excluded.%1$s".formatted(TableName.quoted(name)))
            .collect(Collectors.joining(", "));
    return "insert into %s as t (%s) select %s from unnest(%s) u(%s) on conflict (%s) do %s"
        .formatted(
            table.name().quoted(),
            list,
            values,
            names.stream().map(n -> "?::text[]").collect(Collectors.joining(", ")),
            IntStream.range(0, names.size())
                .mapToObj(i -> "v" + i)
                .collect(Collectors.joining(", ")),
            table.key().stream().map(TableName::quoted).collect(Collectors.joining(", ")),
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
    return columns.stream().map(c -> TableName.quoted(c.name())).collect(Collectors.joining(", "));
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
    sql.run(
        "create table %s (%s)"
            .formatted(
                quoted,
                table.columns().stream()
                    .map(SourceTable.Column::definition)
                    .collect(Collectors.joining(", "))));
    sql.run("comment on table %s is '%s'".formatted(quoted, COMMENT));
  }

  private void requireOurs(Sql sql) {
    List<List<@Nullable String>> comment = sql.commentOf(table.name().quoted());
    if (!comment.isEmpty() && !COMMENT.equals(comment.getFirst().getFirst())) {
      throw new SyncRefused(
          "The read database has a table %s of its own, which would be replaced. Move it away, or use another database."
              .formatted(table.name()));
    }
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

  /**
   * Makes the indexes that are not there yet, beside reads and writes; those that PostgreSQL can't
   * make are done without.
   *
   * @param sql a connection without a transaction
   */
  public void createIndexes(Sql sql, Collection<WantedIndex> indexes) {
    for (WantedIndex index : indexes) {
      if (!index.table().equals(table.name()) || table.key().getFirst().equals(index.column())) {
        continue;
      }
      String name =
          TableName.quoted(
              "freshet_%.40s_%08x".formatted(table.name().name(), index.expression().hashCode()));
      String qualified = TableName.quoted(table.name().schema()) + "." + name;
      try {
        if (isInvalid(sql, qualified)) {
          sql.run("drop index concurrently " + qualified);
        }
        sql.run(
            "create index concurrently if not exists %s on %s (%s)"
                .formatted(name, table.name().quoted(), index.expression()));
      } catch (ApplyFailed e) {
        if (!e.isByContent()) {
          throw e;
        }
        log.warn("No index on {} ({}): {}", table.name(), index.expression(), e.getMessage());
      }
    }
  }

  /** What an interrupted CREATE INDEX CONCURRENTLY leaves. */
  private static boolean isInvalid(Sql sql, String index) {
    return !sql.query(
            "select 1 from pg_index where indexrelid = to_regclass('%s') and not indisvalid"
                .formatted(index.replace("'", "''")),
            List.of())
        .isEmpty();
  }

  /** A SELECT of the rows with these keys, to stand in a FROM; binds {@link #bind}. */
  String selectByKeys() {
    return key.lookUp(table.name().quoted());
  }

  /** The arrays that {@link #selectByKeys} binds. */
  List<@Nullable String[]> bind(Collection<List<String>> keys) {
    return key.arrays(keys);
  }

  /**
   * How a row is to be.
   *
   * @param row its values; null when it is to be gone
   */
  record Write(List<String> key, @Nullable List<@Nullable String> row) {}

  /** The same for keys that were read as a query's rows. */
  List<@Nullable String[]> bindNullable(List<List<@Nullable String>> keys) {
    return key.arrays(keys);
  }

  /** Makes the rows as the changes say. */
  void apply(Sql sql, TableChanges changes) {
    List<Write> writes = writes(sql, changes);
    empty(sql, changes);
    write(sql, writes);
  }

  /** The same for each row that lets itself be written; the others are handed on. */
  void applyCarefully(Sql sql, TableChanges changes, BiConsumer<Write, ApplyFailed> refused) {
    List<Write> writes = writes(sql, changes);
    empty(sql, changes);
    Bisection.run(sql, writes, some -> write(sql, some), refused);
  }

  private void empty(Sql sql, TableChanges changes) {
    if (changes.truncated()) {
      // Not TRUNCATE: readers with an older snapshot would see an empty table.
      sql.run("delete from " + table.name().quoted());
    }
  }

  /** The arrays of the rows that changes make, one for each stored column. */
  List<@Nullable String[]> newRows(Sql sql, TableChanges changes) {
    return columnArrays(withUnsentValues(sql, changes.upserted()));
  }

  /** A SELECT of rows that are given as arrays: binds {@link #newRows}. */
  String selectNewRows() {
    return "select %s from unnest(%s) u(%s)"
        .formatted(
            IntStream.range(0, columns.size())
                .mapToObj(
                    i ->
                        "v%d::%s as %s"
                            .formatted(
                                i, columns.get(i).type(), TableName.quoted(columns.get(i).name())))
                .collect(Collectors.joining(", ")),
            columns.stream().map(c -> "?::text[]").collect(Collectors.joining(", ")),
            IntStream.range(0, columns.size())
                .mapToObj(i -> "v" + i)
                .collect(Collectors.joining(", ")));
  }

  private List<@Nullable String[]> columnArrays(List<List<@Nullable String>> rows) {
    List<@Nullable String[]> values = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      @Nullable String[] column = new @Nullable String[rows.size()];
      for (int row = 0; row < column.length; row++) {
        column[row] = rows.get(row).get(i);
      }
      values.add(column);
    }
    return values;
  }

  private List<Write> writes(Sql sql, TableChanges changes) {
    List<Write> writes = new ArrayList<>();
    if (!changes.truncated()) {
      changes.deleted().forEach(gone -> writes.add(new Write(gone, null)));
    }
    for (List<@Nullable String> row : withUnsentValues(sql, changes.upserted())) {
      writes.add(new Write(keyOf(row), row));
    }
    return writes;
  }

  @SuppressWarnings("NullAway") // a key's columns are not null
  private List<String> keyOf(List<@Nullable String> row) {
    List<String> values = new ArrayList<>(keyPlaces.size());
    keyPlaces.forEach(place -> values.add(row.get(place)));
    return values;
  }

  private void write(Sql sql, List<Write> writes) {
    List<List<String>> gone =
        writes.stream().filter(write -> write.row() == null).map(Write::key).toList();
    if (!gone.isEmpty()) {
      sql.update(deleteSql, key.arrays(gone));
    }
    List<List<@Nullable String>> rows = new ArrayList<>(writes.size());
    for (Write write : writes) {
      List<@Nullable String> row = write.row();
      if (row != null) {
        rows.add(row);
      }
    }
    if (!rows.isEmpty()) {
      sql.update(upsertSql, columnArrays(rows));
    }
  }

  private List<List<@Nullable String>> withUnsentValues(Sql sql, List<TableChanges.Final> ends) {
    List<List<@Nullable String>> rows = new ArrayList<>(ends.size());
    for (TableChanges.Final end : ends) {
      List<@Nullable String> row = Objects.requireNonNull(end.row());
      rows.add(row.stream().anyMatch(Mirror::isUnsent) ? filled(sql, row, end.valuesFrom()) : row);
    }
    return rows;
  }

  private List<@Nullable String> filled(
      Sql sql, List<@Nullable String> row, List<String> valuesFrom) {
    List<List<@Nullable String>> found =
        sql.query(
            "select %s from (%s) stored".formatted(columnList(), selectByKeys()),
            key.arrays(List.of(valuesFrom)));
    if (found.isEmpty()) {
      throw new IllegalStateException(
          "Table %s lacks the row %s, whose large values the change left as they were"
              .formatted(table.name(), valuesFrom));
    }
    List<@Nullable String> filled = new ArrayList<>(row);
    for (int i = 0; i < row.size(); i++) {
      if (isUnsent(row.get(i))) {
        filled.set(i, found.getFirst().get(i));
      }
    }
    return filled;
  }

  @SuppressWarnings("ReferenceEquality") // UNCHANGED is told apart by identity
  private static boolean isUnsent(@Nullable String value) {
    return value == RowChange.UNCHANGED;
  }
}
