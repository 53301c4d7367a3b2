package dev.freshet.sync.apply;

import dev.freshet.sync.capture.RowChange;
import dev.freshet.sync.model.SelectAnalysis.WantedIndex;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceTable;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A source table's copy in the read database: same schema, name, columns and key, and nothing else
 * of the original; what would refuse or rewrite a row there must not do so twice.
 */
final class Mirror {

  private static final Logger log = LoggerFactory.getLogger(Mirror.class);

  /** Tells a copy from a table that somebody else made. */
  private static final String COMMENT = "freshet mirror";

  private final SourceTable table;
  private final KeySet key;
  private final List<Integer> keyPlaces;
  private final String deleteSql;
  private final String upsertSql;

  Mirror(SourceTable table) {
    this.table = table;
    List<String> names = table.columns().stream().map(SourceTable.Column::name).toList();
    this.keyPlaces = table.key().stream().map(names::indexOf).toList();
    this.key =
        new KeySet(
            table.key(), keyPlaces.stream().map(i -> table.columns().get(i).type()).toList());
    this.deleteSql =
        "delete from %s t where %s".formatted(table.name().quoted(), key.condition("t"));
    this.upsertSql = upsertSql(names);
  }

  private String upsertSql(List<String> names) {
    String columns = names.stream().map(TableName::quoted).collect(Collectors.joining(", "));
    String values =
        IntStream.range(0, names.size())
            .mapToObj(i -> "v%d::%s".formatted(i, table.columns().get(i).type()))
            .collect(Collectors.joining(", "));
    String sets =
        names.stream()
            .filter(name -> !table.key().contains(name))
            .map(name -> "%1$s = excluded.%1$s".formatted(TableName.quoted(name)))
            .collect(Collectors.joining(", "));
    return "insert into %s as t (%s) select %s from unnest(%s) u(%s) on conflict (%s) do %s"
        .formatted(
            table.name().quoted(),
            columns,
            values,
            names.stream().map(n -> "?::text[]").collect(Collectors.joining(", ")),
            IntStream.range(0, names.size())
                .mapToObj(i -> "v" + i)
                .collect(Collectors.joining(", ")),
            table.key().stream().map(TableName::quoted).collect(Collectors.joining(", ")),
            sets.isEmpty() ? "nothing" : "update set " + sets);
  }

  SourceTable table() {
    return table;
  }

  TableChanges noChanges() {
    return new TableChanges(keyPlaces);
  }

  /**
   * Drops the copy that is there and makes an empty one.
   *
   * @throws SyncRefused when a table of that name is there that is no copy
   */
  void create(Sql sql, List<WantedIndex> indexes) {
    String quoted = table.name().quoted();
    List<List<@Nullable String>> comment = sql.commentOf(quoted);
    if (!comment.isEmpty() && !COMMENT.equals(comment.getFirst().getFirst())) {
      throw new SyncRefused(
          "The read database has a table %s of its own, which would be replaced. Move it away, or use another database."
              .formatted(table.name()));
    }
    sql.run("create schema if not exists " + TableName.quoted(table.name().schema()));
    sql.run("drop table if exists " + quoted + " cascade");
    sql.run(
        "create table %s (%s, primary key (%s))"
            .formatted(
                quoted,
                table.columns().stream()
                    .map(c -> TableName.quoted(c.name()) + " " + c.type())
                    .collect(Collectors.joining(", ")),
                table.key().stream().map(TableName::quoted).collect(Collectors.joining(", "))));
    sql.run("comment on table %s is '%s'".formatted(quoted, COMMENT));
    createIndexes(sql, indexes);
  }

  /**
   * Makes the indexes that are not there yet; those that PostgreSQL can't make are done without.
   */
  void createIndexes(Sql sql, List<WantedIndex> indexes) {
    for (WantedIndex index : indexes) {
      if (table.key().getFirst().equals(index.column())) {
        continue;
      }
      sql.run("savepoint index");
      try {
        sql.run(
            "create index if not exists %s on %s (%s)"
                .formatted(
                    TableName.quoted(
                        "freshet_%s_%08x"
                            .formatted(table.name().name(), index.expression().hashCode())),
                    table.name().quoted(),
                    index.expression()));
        sql.run("release savepoint index");
      } catch (ApplyFailed e) {
        log.warn("No index on {} ({}): {}", table.name(), index.expression(), e.getMessage());
        sql.run("rollback to savepoint index");
      }
    }
  }

  /** Adds rows that are not there yet. */
  void load(Sql sql, List<RowChange.Upsert> rows) {
    StringBuilder text = new StringBuilder();
    for (RowChange.Upsert upsert : rows) {
      text.append(
          upsert.row().stream().map(Mirror::copyText).collect(Collectors.joining("\t", "", "\n")));
    }
    try {
      sql.connection()
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyIn(
              "copy %s (%s) from stdin"
                  .formatted(
                      table.name().quoted(),
                      table.columns().stream()
                          .map(c -> TableName.quoted(c.name()))
                          .collect(Collectors.joining(", "))),
              new ByteArrayInputStream(text.toString().getBytes(StandardCharsets.UTF_8)));
    } catch (SQLException e) {
      throw new ApplyFailed(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A value in the text format of COPY. */
  private static String copyText(@Nullable String value) {
    return value == null
        ? "\\N"
        : value
            .replace("\\", "\\\\")
            .replace("\t", "\\t")
            .replace("\n", "\\n")
            .replace("\r", "\\r");
  }

  /** A SELECT of the rows with these keys, to stand in a FROM; binds {@link #bind}. */
  String selectByKeys() {
    return key.lookUp(table.name().quoted());
  }

  /** The arrays that {@link #selectByKeys} binds. */
  List<String[]> bind(TableChanges changes) {
    return key.arrays(changes.keys());
  }

  /** Makes the rows as the changes say. */
  void apply(Sql sql, TableChanges changes) {
    List<List<@Nullable String>> rows = withUnsentValues(sql, changes.upserted());
    if (changes.truncated()) {
      // Not TRUNCATE: readers with an older snapshot would see an empty table.
      sql.run("delete from " + table.name().quoted());
    } else if (!changes.deleted().isEmpty()) {
      sql.update(deleteSql, key.bind(changes.deleted()));
    }
    if (!rows.isEmpty()) {
      List<@Nullable String[]> columns = new ArrayList<>();
      for (int i = 0; i < table.columns().size(); i++) {
        @Nullable String[] column = new @Nullable String[rows.size()];
        for (int row = 0; row < column.length; row++) {
          column[row] = rows.get(row).get(i);
        }
        columns.add(column);
      }
      sql.update(upsertSql, columns);
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
    List<List<@Nullable String>> found = sql.query(selectByKeys(), key.arrays(List.of(valuesFrom)));
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
