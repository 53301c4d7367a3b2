package dev.freshet.sync.follow;

import dev.freshet.postgres.TextSearch;
import dev.freshet.search.IndexedType;
import dev.freshet.search.ModelIndex;
import dev.freshet.sync.delta.ModelShape;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.sql.TypedColumns;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A model's table in the read database, as a store has it: values that have no text of their own
 * there are read as the JSON that PostgreSQL makes of them.
 */
record FollowedModel(ReadModel model, ModelIndex index, String values, TypedColumns key) {

  /**
   * Types whose text {@code row_to_json} writes as it is, or as {@link dev.freshet.search.RowText}
   * does.
   */
  private static final Pattern PLAIN =
      Pattern.compile("numeric(\\(.*\\))?|json|jsonb|name|character\\(\\d+\\)");

  /** As {@code pg_type.typcategory} has it. */
  private static final String ENUM = "E";

  private static final String COLUMNS =
      """
      select a.attname, format_type(a.atttypid, a.atttypmod),
        t.typcategory = 'A' and e.typtype <> 'c' and e.typname not in ('json', 'record'),
        a.attnotnull, t.typcategory,
        case c.collname when 'default' then d.datcollate else c.collcollate end
          in ('C', 'POSIX', 'C.UTF-8', 'C.utf8', 'ucs_basic'),
        coalesce((select built_at::text from freshet.model where name = ?), '')
      from pg_attribute a
      join pg_type t on t.oid = a.atttypid
      left join pg_type e on e.oid = t.typelem
      left join pg_collation c on c.oid = a.attcollation
      join pg_database d on d.datname = current_database()
      where a.attrelid = to_regclass(?) and a.attnum > 0 and not a.attisdropped and a.attname <> ?
      order by a.attnum
      """;

  /**
   * Looks at the table.
   *
   * @return empty where there is none
   * @throws SyncRefused when a store can't have its rows
   */
  static Optional<FollowedModel> of(Connection readDatabase, ReadModel model) throws SQLException {
    if (!model.audience().isEverybody()) {
      throw new SyncRefused(
          "Its policies and hidden columns are the database's to keep: a store shows everybody the same.");
    }
    Map<String, String> columns = new LinkedHashMap<>();
    Map<String, String> types = new LinkedHashMap<>();
    Set<String> neverNull = new LinkedHashSet<>();
    Set<String> ordered = new LinkedHashSet<>();
    String builtAt = "";
    try (PreparedStatement statement = readDatabase.prepareStatement(COLUMNS)) {
      statement.setString(1, model.name());
      statement.setString(2, model.quotedName());
      statement.setString(3, TextSearch.COLUMN);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          String column = row.getString(1);
          String type = row.getString(2);
          builtAt = row.getString(7);
          boolean isPlain =
              IndexedType.of(type).isPresent()
                  || PLAIN.matcher(type).matches()
                  || model.key().contains(column);
          types.put(column, type);
          columns.put(column, isPlain ? type : row.getBoolean(3) ? "jsonb" : "json");
          if (row.getBoolean(4)) {
            neverNull.add(column);
          }
          if (row.getBoolean(6)) {
            ordered.add(column);
          }
          if (model.key().contains(column) && !tellsApart(type, row.getString(5))) {
            throw new SyncRefused(
                "Its key %s is of type %s, of which equal values may be written in several ways: a store can't tell its rows apart."
                    .formatted(column, type));
          }
        }
      }
    }
    if (columns.isEmpty()) {
      return Optional.empty();
    }
    String values =
        columns.entrySet().stream()
            .map(
                column ->
                    (column.getValue().equals(types.get(column.getKey()))
                            ? "t.%s"
                            : "to_json(t.%s)::text")
                        .formatted(TableName.quoted(column.getKey())))
            .collect(Collectors.joining(", "));
    return Optional.of(
        new FollowedModel(
            model,
            new ModelIndex(
                model.name(),
                columns,
                model.key(),
                model.version(),
                neverNull,
                ordered,
                model.search(),
                builtAt),
            values,
            new TypedColumns(
                model.key(),
                model.key().stream().map(column -> String.valueOf(types.get(column))).toList())));
  }

  /** Whether values of a type are equal where their texts are, and only there. */
  private static boolean tellsApart(String type, String category) {
    return category.equals(ENUM)
        || type.startsWith("character(")
        || IndexedType.of(type)
            .filter(
                indexed ->
                    indexed.form() != IndexedType.Form.REAL
                        && indexed.form() != IndexedType.Form.DOUBLE)
            .isPresent();
  }

  /** What its rows look like in the store. */
  ModelShape shape() {
    return new ModelShape(
        index.model(),
        List.copyOf(index.columns().keySet()),
        List.copyOf(index.columns().values()),
        index.key());
  }

  /** All rows. */
  String all() {
    return "select %s from %s t".formatted(values, model.quotedName());
  }

  /** The rows with these keys; binds {@link TypedColumns#arrays}. */
  String byKeys(boolean nulls) {
    return "select %s from (%s) k join %s t on %s"
        .formatted(values, key.rows(), model.quotedName(), key.same("t", "k", nulls));
  }
}
