package dev.freshet.sync.source;

import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Reads what the source's tables look like, and refuses what can't be mirrored exactly. */
public final class SourceCatalogue {

  /** Types that are carried from source to mirror without loss. */
  private static final Pattern CARRIED =
      Pattern.compile(
          "(boolean|smallint|integer|bigint|real|double precision|numeric|text|character varying"
              + "|character|name|uuid|date|json|jsonb|bytea"
              + "|timestamp(\\(\\d\\))? with(out)? time zone|time(\\(\\d\\))? without time zone)(\\(.*\\))?");

  /** {@code relreplident}: the primary key, or the full row. */
  private static final Set<String> USABLE_REPLICA_IDENTITIES = Set.of("d", "f");

  private final JdbcClient db;

  public SourceCatalogue(JdbcClient db) {
    this.db = db;
  }

  /** What one look-up of a table found; a table may come later, so that its absence is no error. */
  public Optional<SourceTable> find(TableName name) {
    record Row(
        String column, String type, boolean generated, boolean parent, String replicaIdentity) {}
    List<Row> rows =
        db.sql(
                """
                select a.attname, format_type(a.atttypid, a.atttypmod), a.attgenerated <> '',
                  exists (select from pg_inherits where inhparent = c.oid) or c.relkind = 'p',
                  c.relreplident
                from pg_class c
                join pg_namespace n on n.oid = c.relnamespace
                join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                where n.nspname = :schema and c.relname = :name and c.relkind in ('r', 'p')
                order by a.attnum
                """)
            .param("schema", name.schema())
            .param("name", name.name())
            .query(
                (row, number) ->
                    new Row(
                        row.getString(1),
                        row.getString(2),
                        row.getBoolean(3),
                        row.getBoolean(4),
                        row.getString(5)))
            .list();
    if (rows.isEmpty()) {
      return Optional.empty();
    }
    refuseWhatCannotBeFollowed(name, rows.getFirst().parent(), rows.getFirst().replicaIdentity());
    List<SourceTable.Column> columns = new ArrayList<>();
    for (Row row : rows) {
      if (row.generated() || !CARRIED.matcher(row.type()).matches()) {
        throw new SyncRefused(
            "Column %s of table %s can't be mirrored: %s is not carried yet."
                .formatted(
                    row.column(), name, row.generated() ? "a generated column" : row.type()));
      }
      columns.add(new SourceTable.Column(row.column(), row.type()));
    }
    List<String> key = key(name);
    if (key.isEmpty()) {
      throw new SyncRefused(
          "Table %s has no primary key that is checked at once, so its changes can't be told apart. Give it one."
              .formatted(name));
    }
    return Optional.of(new SourceTable(name, columns, key));
  }

  private static void refuseWhatCannotBeFollowed(
      TableName name, boolean parent, String replicaIdentity) {
    if (parent) {
      throw new SyncRefused(
          "Table %s is partitioned or inherited from, which is not followed yet.".formatted(name));
    }
    if (!USABLE_REPLICA_IDENTITIES.contains(replicaIdentity)) {
      throw new SyncRefused(
          "Table %s has a replica identity by which its rows can't be told apart, and publishing it could make updates of it fail. Set alter table %s replica identity default."
              .formatted(name, name));
    }
  }

  private List<String> key(TableName name) {
    return db.sql(
            """
            select array_agg(a.attname::text order by i.place)
            from (select indrelid, unnest(indkey) as attnum, generate_subscripts(indkey, 1) as place
                  from pg_index where indisprimary and indimmediate) i
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.attnum
            join pg_class c on c.oid = i.indrelid
            join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = :schema and c.relname = :name
            """)
        .param("schema", name.schema())
        .param("name", name.name())
        .query(
            (row, number) ->
                row.getArray(1) == null
                    ? List.<String>of()
                    : Arrays.asList((String[]) row.getArray(1).getArray()))
        .single();
  }

  /**
   * Finds all of these tables.
   *
   * @return by name; lacks the tables that are not there
   */
  public Map<TableName, SourceTable> findAll(Set<TableName> names) {
    Map<TableName, SourceTable> found = new LinkedHashMap<>();
    names.forEach(name -> find(name).ifPresent(table -> found.put(name, table)));
    return found;
  }
}
