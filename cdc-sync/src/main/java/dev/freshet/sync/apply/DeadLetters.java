package dev.freshet.sync.apply;

import dev.freshet.sync.model.TableName;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

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

  private static List<@Nullable String> texts(String json) {
    return Arrays.asList(JSON.readValue(json, new TypeReference<@Nullable String[]>() {}));
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
        .param("key", JSON.writeValueAsString(key))
        .param("row", row == null ? null : JSON.writeValueAsString(row))
        .param("error", error)
        .param("position", position)
        .update();
  }

  void remove(long id) {
    db.sql("delete from freshet.dead_letter where id = :id").param("id", id).update();
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
        .param("model", model, java.sql.Types.VARCHAR)
        .param("schema", table == null ? null : table.schema(), java.sql.Types.VARCHAR)
        .param("table", table == null ? null : table.name(), java.sql.Types.VARCHAR)
        .param("keys", keys.stream().map(JSON::writeValueAsString).toArray(String[]::new))
        .update();
  }

  /** Forgets all letters of a table that is copied anew, or of a model that is built anew. */
  void forget(@Nullable String model, @Nullable TableName table) {
    db.sql(
            """
            delete from freshet.dead_letter
            where model is not distinct from :model and table_schema is not distinct from :schema
              and table_name is not distinct from :table
            """)
        .param("model", model, java.sql.Types.VARCHAR)
        .param("schema", table == null ? null : table.schema(), java.sql.Types.VARCHAR)
        .param("table", table == null ? null : table.name(), java.sql.Types.VARCHAR)
        .update();
  }
}
