package dev.freshet.sync.apply;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceTable;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.json.JsonMapper;

/** The tables that are mirrored, as they were when they were copied, in {@code freshet.mirror}. */
public final class MirrorStore {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final JdbcClient db;

  public MirrorStore(JdbcClient db) {
    this.db = db;
  }

  void install() {
    db.sql(
            """
            create table if not exists freshet.mirror (
              table_schema text,
              table_name   text,
              definition   text not null,
              primary key (table_schema, table_name)
            )
            """)
        .update();
  }

  public Map<TableName, SourceTable> all() {
    Map<TableName, SourceTable> all = new LinkedHashMap<>();
    db.sql("select definition from freshet.mirror order by table_schema, table_name")
        .query((row, number) -> JSON.readValue(row.getString(1), SourceTable.class))
        .list()
        .forEach(table -> all.put(table.name(), table));
    return all;
  }

  void put(SourceTable table) {
    db.sql(
            """
            insert into freshet.mirror values (:schema, :name, :definition)
            on conflict (table_schema, table_name) do update set definition = excluded.definition
            """)
        .param("schema", table.name().schema())
        .param("name", table.name().name())
        .param("definition", JSON.writeValueAsString(table))
        .update();
  }

  void forget(TableName table) {
    db.sql("delete from freshet.mirror where table_schema = :schema and table_name = :name")
        .param("schema", table.schema())
        .param("name", table.name())
        .update();
  }
}
