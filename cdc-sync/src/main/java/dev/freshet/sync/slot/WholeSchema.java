package dev.freshet.sync.slot;

import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SchemaImage;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.UserType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Reads everything of a source's schema that copies may need. */
final class WholeSchema {

  /** Relations and schemas as {@code c} and {@code n}. */
  private static final String OF_THE_USER =
      "c.oid >= 16384 and c.relpersistence <> 't' and n.nspname not in ('read', 'freshet', 'information_schema') and n.nspname not like 'pg\\_%'";

  private final JdbcClient db;

  WholeSchema(JdbcClient db) {
    this.db = db;
  }

  /**
   * All of it.
   *
   * @param catalogue of the same database
   */
  SchemaImage image(SourceCatalogue catalogue) {
    List<SourceTable> tables = new ArrayList<>();
    List<SchemaImage.Unfit> unfit = new ArrayList<>();
    for (TableName name : tables()) {
      try {
        catalogue.find(name).ifPresent(tables::add);
      } catch (SyncRefused e) {
        unfit.add(new SchemaImage.Unfit(name, String.valueOf(e.getMessage())));
      }
    }
    Map<Long, List<UserType>> types = new HashMap<>();
    for (Long table : withUserTypes()) {
      types.put(table, catalogue.userTypes(Set.of(table)));
    }
    SourceDefinitions definitions = new SourceDefinitions(db);
    return new SchemaImage(
        tables,
        unfit,
        types,
        definitions.functions(),
        definitions.extensions(),
        definitions.views(),
        definitions.partitions());
  }

  private List<TableName> tables() {
    return db.sql(
            """
            select n.nspname, c.relname from pg_class c
            join pg_namespace n on n.oid = c.relnamespace
            where %s and c.relkind in ('r', 'p')
            order by 1, 2
            """
                .formatted(OF_THE_USER))
        .query((row, number) -> new TableName(row.getString(1), row.getString(2)))
        .list();
  }

  /** The tables with a column whose type is not PostgreSQL's own. */
  private Set<Long> withUserTypes() {
    return Set.copyOf(
        db.sql(
                """
                select distinct c.oid from pg_class c
                join pg_namespace n on n.oid = c.relnamespace
                join pg_attribute a on a.attrelid = c.oid
                where %s and c.relkind in ('r', 'p') and a.attnum > 0 and a.atttypid >= 16384
                """
                    .formatted(OF_THE_USER))
            .query(Long.class)
            .list());
  }

  /** A text that differs whenever something of it came, went or was altered. */
  String version() {
    return db.sql(
            """
            select coalesce((select sum(hashtext(c.oid || ':' || c.xmin || ':' || c.relname || ':' || n.nspname))
                from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where %s and c.relkind in ('r', 'p', 'v')), 0)
              || '/' || coalesce((select sum(hashtext(p.oid || ':' || p.xmin))
                from pg_proc p where p.oid >= 16384), 0)
              || '/' || coalesce((select sum(hashtext(r.oid || ':' || r.xmin))
                from pg_rewrite r where r.oid >= 16384), 0)
              || '/' || coalesce((select sum(hashtext(e.oid || ':' || e.xmin)) from pg_extension e), 0)
              || '/' || coalesce((select sum(hashtext(t.oid || ':' || t.xmin))
                from pg_type t where t.oid >= 16384 and t.typtype in ('e', 'd', 'r')), 0)
              || '/' || coalesce((select sum(hashint8(a.xmin::text::bigint * 2000 + a.attnum))
                from pg_attribute a where a.attrelid >= 16384 and a.attnum > 0), 0)
              || '/' || coalesce((select sum(hashtext(e.oid || e.enumlabel || e.enumsortorder))
                from pg_enum e), 0)
              || '/' || coalesce((select sum(hashtext(i.indexrelid || ':' || i.xmin))
                from pg_index i where i.indexrelid >= 16384 and (i.indisprimary or i.indisreplident)), 0)
            """
                .formatted(OF_THE_USER))
        .query(String.class)
        .single();
  }
}
