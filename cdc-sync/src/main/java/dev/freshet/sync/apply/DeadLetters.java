package dev.freshet.sync.apply;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.RowChange;
import java.sql.Connection;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

/**
 * What the read database refused, in {@code freshet.dead_letter}: a row of a mirror, or the rows of
 * a model that are computed together. There is one letter for a row, the latest; a later change of
 * the row that goes through takes it away.
 */
public final class DeadLetters {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private static final RowMapper<Letter> LETTER =
      (row, number) ->
          new Letter(
              row.getLong("id"),
              row.getString("model"),
              row.getString("table_schema") == null
                  ? null
                  : new TableName(row.getString("table_schema"), row.getString("table_name")),
              texts(row.getString("key")),
              row.getString("row") == null ? null : texts(row.getString("row")),
              row.getString("error"),
              row.getString("position"),
              row.getString("at"));

  private final JdbcClient db;

  DeadLetters(JdbcClient db) {
    this.db = db;
  }

  /** Those of a read database, on a connection that nobody else uses meanwhile. */
  public static DeadLetters on(Connection connection) {
    return new DeadLetters(JdbcClient.create(new SingleConnectionDataSource(connection, true)));
  }

  /**
   * A refused change.
   *
   * @param model whose rows were refused; null for a mirror's
   * @param table whose row was refused; null for a model's
   * @param key of the row, or the unit of the model
   * @param row as it should be; null for one that should be gone, and for a model's
   * @param error what the read database said
   * @param position that was being applied
   * @param at when it was refused
   */
  public record Letter(
      long id,
      @Nullable String model,
      @Nullable TableName table,
      List<@Nullable String> key,
      @Nullable List<@Nullable String> row,
      String error,
      String position,
      String at) {}

  /** Values that were not sent are empty objects. */
  private static List<@Nullable String> texts(String json) {
    List<@Nullable String> texts = new ArrayList<>();
    for (JsonNode value : JSON.readTree(json)) {
      texts.add(
          value.isNull() ? null : value.isObject() ? RowChange.UNCHANGED : value.stringValue());
    }
    return texts;
  }

  private static String json(List<? extends @Nullable String> texts) {
    ArrayNode json = JSON.createArrayNode();
    for (String text : texts) {
      if (RowChange.isUnchanged(text)) {
        json.addObject();
      } else {
        json.add(text);
      }
    }
    return json.toString();
  }

  void install() {
    db.sql(
            """
            create table if not exists freshet.dead_letter (
              id           bigint generated always as identity primary key,
              model        text,
              table_schema text,
              table_name   text,
              key          text not null,
              row          text,
              error        text not null,
              position     text not null,
              at           timestamptz not null default clock_timestamp()
            )
            """)
        .update();
    db.sql(
            """
            create unique index if not exists dead_letter_of on freshet.dead_letter
              (coalesce(model, ''), coalesce(table_schema, ''), coalesce(table_name, ''), md5(key))
            """)
        .update();
  }

  /** All letters, the oldest first. */
  public List<Letter> all() {
    return db.sql("select * from freshet.dead_letter order by id").query(LETTER).list();
  }

  public Optional<Letter> find(long id) {
    return db.sql("select * from freshet.dead_letter where id = :id")
        .param("id", id)
        .query(LETTER)
        .optional();
  }

  /** What letters are waiting for: models, and tables. */
  record Marks(Set<String> models, Set<TableName> tables) {

    /** Whether a model is not right before they are settled. */
    boolean touch(MaintainedModel model) {
      return models.contains(model.name()) || tables.stream().anyMatch(model::reads);
    }
  }

  Marks marks() {
    Marks marks = new Marks(new HashSet<>(), new HashSet<>());
    db.sql("select distinct model, table_schema, table_name from freshet.dead_letter")
        .query(
            (row, number) ->
                row.getString(1) == null
                    ? marks.tables().add(new TableName(row.getString(2), row.getString(3)))
                    : marks.models().add(row.getString(1)))
        .list();
    return marks;
  }

  /** How many there are of each relation, by its qualified name. */
  Map<String, Long> counts() {
    Map<String, Long> counts = new TreeMap<>();
    db.sql(
            """
            select coalesce('read.' || model, table_schema || '.' || table_name), count(*)
            from freshet.dead_letter group by 1
            """)
        .query((row, number) -> counts.put(row.getString(1), row.getLong(2)))
        .list();
    return counts;
  }

  void add(
      @Nullable String model,
      @Nullable TableName table,
      List<? extends @Nullable String> key,
      @Nullable List<? extends @Nullable String> row,
      String error,
      String position) {
    db.sql(
            """
            insert into freshet.dead_letter (model, table_schema, table_name, key, row, error, position)
            values (:model, :schema, :table, :key, :row, :error, :position)
            on conflict (coalesce(model, ''), coalesce(table_schema, ''), coalesce(table_name, ''), md5(key))
            do update set row = excluded.row, error = excluded.error, position = excluded.position,
              at = clock_timestamp()
            """)
        .param("model", model)
        .param("schema", table == null ? null : table.schema())
        .param("table", table == null ? null : table.name())
        .param("key", json(key))
        .param("row", row == null ? null : json(row))
        .param("error", error)
        .param("position", position)
        .update();
  }

  void remove(long id) {
    db.sql("delete from freshet.dead_letter where id = :id").param("id", id).update();
  }

  /** The rows that were refused of a table, by their keys. */
  Map<List<String>, List<@Nullable String>> rows(TableName table, List<List<String>> keys) {
    Map<List<String>, List<@Nullable String>> rows = new HashMap<>();
    db.sql(
            """
            select * from freshet.dead_letter
            where table_schema = :schema and table_name = :table and row is not null
              and key = any(:keys)
            """)
        .param("schema", table.schema())
        .param("table", table.name())
        .param("keys", keys.stream().map(DeadLetters::json).toArray(String[]::new))
        .query(LETTER)
        .list()
        .forEach(
            letter ->
                rows.put(
                    letter.key().stream().map(Objects::requireNonNull).toList(),
                    Objects.requireNonNull(letter.row())));
    return rows;
  }

  /** What was refused before has gone through now. */
  void resolve(
      @Nullable String model,
      @Nullable TableName table,
      Collection<? extends List<? extends @Nullable String>> keys) {
    db.sql(
            """
            delete from freshet.dead_letter
            where model is not distinct from :model and table_schema is not distinct from :schema
              and table_name is not distinct from :table and key = any(:keys)
            """)
        .param("model", model, Types.VARCHAR)
        .param("schema", table == null ? null : table.schema(), Types.VARCHAR)
        .param("table", table == null ? null : table.name(), Types.VARCHAR)
        .param("keys", keys.stream().map(DeadLetters::json).toArray(String[]::new))
        .update();
  }

  /** Forgets all letters of a table that is copied again, or of a model that is rebuilt. */
  void forget(@Nullable String model, @Nullable TableName table) {
    db.sql(
            """
            delete from freshet.dead_letter
            where model is not distinct from :model and table_schema is not distinct from :schema
              and table_name is not distinct from :table
            """)
        .param("model", model, Types.VARCHAR)
        .param("schema", table == null ? null : table.schema(), Types.VARCHAR)
        .param("table", table == null ? null : table.name(), Types.VARCHAR)
        .update();
  }
}
