package dev.freshet.sync.apply;

import dev.freshet.sync.delta.ModelShape;
import dev.freshet.sync.model.TableName;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The table with a model's rows, through which all statements run that change them. They return
 * which rows they changed where somebody wants to know, and nothing where nobody does.
 */
final class ModelTable {

  private final String model;
  private final String name;
  private final List<String> key;
  private @Nullable ModelShape shape;
  private @Nullable ChangedRows changed;

  /**
   * Names a table, which need not be there yet.
   *
   * @param name its qualified name, quoted
   */
  ModelTable(String model, String name, List<String> key) {
    this.model = model;
    this.name = name;
    this.key = List.copyOf(key);
  }

  /** Its qualified name, quoted. */
  String name() {
    return name;
  }

  /** Its columns as they are. The table must be there. */
  ModelShape shape(Sql sql) {
    ModelShape known = shape;
    if (known == null) {
      List<String> columns = new ArrayList<>();
      List<String> types = new ArrayList<>();
      for (List<@Nullable String> column : sql.columnsOf(name)) {
        columns.add(String.valueOf(column.getFirst()));
        types.add(String.valueOf(column.getLast()));
      }
      known = new ModelShape(model, columns, types, key);
      shape = known;
    }
    return known;
  }

  /** A row's values, as {@link #shape} has them. */
  private static String columnsOf(String alias, ModelShape shape) {
    return shape.columns().stream()
        .map(column -> alias + "." + TableName.quoted(column))
        .collect(Collectors.joining(", "));
  }

  /** Where to note what changes from now on; null when nobody wants to know. */
  void noteIn(@Nullable ChangedRows rows) {
    changed = rows;
  }

  /**
   * Removes rows.
   *
   * @param delete a DELETE of rows of {@code t}, without RETURNING
   */
  void remove(Sql sql, String delete, List<@Nullable String[]> arrays) {
    change(sql, delete, arrays, ChangedRows::removed);
  }

  /**
   * Adds rows, or changes them.
   *
   * @param statement an INSERT or UPDATE of rows of {@code t}, without RETURNING
   */
  void put(Sql sql, String statement, List<@Nullable String[]> arrays) {
    change(sql, statement, arrays, ChangedRows::upserted);
  }

  private void change(Sql sql, String statement, List<@Nullable String[]> arrays, Noted noted) {
    ChangedRows note = changed;
    if (note == null || !note.wantsRows()) {
      sql.update(statement, arrays);
      return;
    }
    ModelShape columns = shape(sql);
    sql.queryInChunks(
        statement + " returning " + columnsOf("t", columns),
        arrays,
        rows -> {
          for (List<@Nullable String> row : rows) {
            noted.add(note, columns, row);
          }
        });
  }

  private interface Noted {
    void add(ChangedRows rows, ModelShape shape, List<@Nullable String> row);
  }

  /** Removes rows and adds others, in one statement. */
  void replace(Sql sql, Replacement statement, List<@Nullable String[]> arrays) {
    ChangedRows note = changed;
    if (note == null || !note.wantsRows()) {
      sql.update(statement.plain(), arrays);
      return;
    }
    ModelShape columns = shape(sql);
    sql.queryInChunks(
        statement.returning(columns),
        arrays,
        rows -> {
          for (List<@Nullable String> row : rows) {
            List<@Nullable String> values = row.subList(1, row.size());
            if ("t".equals(row.getFirst())) {
              note.upserted(columns, values);
            } else {
              note.removed(columns, values);
            }
          }
        });
  }

  /**
   * A statement that removes and adds.
   *
   * @param fresh a CTE {@code fresh}, by which both go
   * @param delete a DELETE of rows of {@code t}
   * @param insert an INSERT of rows of {@code t}
   */
  record Replacement(String fresh, String delete, String insert) {

    String plain() {
      return "with %s, gone as (%s) %s".formatted(fresh, delete, insert);
    }

    String returning(ModelShape shape) {
      return """
          with %1$s, gone as (%2$s returning %4$s), put as (%3$s returning %4$s)
          select false, gone.* from gone union all select true, put.* from put
          """
          .formatted(fresh, delete, insert, columnsOf("t", shape));
    }
  }
}
