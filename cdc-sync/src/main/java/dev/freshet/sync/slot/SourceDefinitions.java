package dev.freshet.sync.slot;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Definitions;
import dev.freshet.sync.source.Partition;
import dev.freshet.sync.source.SchemaImage;
import dev.freshet.sync.source.SourceSchema;
import dev.freshet.sync.source.UserFunction;
import dev.freshet.sync.source.UserType;
import dev.freshet.sync.source.UserView;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Reads the functions, extensions and views of the source that models name; see {@link
 * SourceSchema}.
 */
final class SourceDefinitions {

  private final JdbcClient db;

  SourceDefinitions(JdbcClient db) {
    this.db = db;
  }

  List<UserFunction> functions(Set<String> names) {
    return Definitions.functions(names, this::functionsNamed);
  }

  /** All that there are. */
  List<UserFunction> functions() {
    return functionsWhere("true", Set.of());
  }

  private List<UserFunction> functionsNamed(Set<String> names) {
    return functionsWhere("p.proname = any(:names)", names);
  }

  private List<UserFunction> functionsWhere(String condition, Set<String> names) {
    return db.sql(
            """
            select n.nspname, p.proname,
              coalesce((select string_agg(format_type(t.type, null), ', ' order by t.place)
                from unnest(p.proargtypes::oid[]) with ordinality t(type, place)), ''),
              pg_get_functiondef(p.oid)
            from pg_proc p
            join pg_namespace n on n.oid = p.pronamespace
            join pg_language l on l.oid = p.prolang
            where %s and p.oid >= 16384 and p.prokind = 'f' and not p.prosecdef
              and l.lanname in ('sql', 'plpgsql') and n.nspname not in ('pg_temp', 'freshet')
              and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass
                and d.objid = p.oid and d.deptype = 'e')
            order by p.oid
            """
                .formatted(condition))
        .param("names", names.toArray(String[]::new))
        .query(
            (row, number) ->
                new UserFunction(
                    new TableName(row.getString(1), row.getString(2)),
                    row.getString(3),
                    row.getString(4)))
        .list();
  }

  List<UserType.Extension> extensions(Set<String> names) {
    return db.sql(
            """
            select distinct e.extname, n.nspname, e.extversion from pg_proc p
            join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
              and d.refclassid = 'pg_extension'::regclass
            join pg_extension e on e.oid = d.refobjid
            join pg_namespace n on n.oid = e.extnamespace
            where p.proname = any(:names)
            """)
        .param("names", names.toArray(String[]::new))
        .query(
            (row, number) ->
                new UserType.Extension(row.getString(1), row.getString(2), row.getString(3)))
        .list();
  }

  /** What each extension brings. */
  List<SchemaImage.Brought> extensions() {
    return db.sql(
            """
            select e.extname, n.nspname, e.extversion, array_agg(distinct p.proname::text) from pg_proc p
            join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
              and d.refclassid = 'pg_extension'::regclass
            join pg_extension e on e.oid = d.refobjid
            join pg_namespace n on n.oid = e.extnamespace
            where p.oid >= 16384
            group by 1, 2, 3 order by 1
            """)
        .query(
            (row, number) ->
                new SchemaImage.Brought(
                    new UserType.Extension(row.getString(1), row.getString(2), row.getString(3)),
                    Set.copyOf(SourceCatalogue.texts(row, 4))))
        .list();
  }

  List<UserView> views(Set<String> names) {
    return Definitions.views(names, wanted -> viewsWhere("c.relname = any(:names)", wanted));
  }

  /** All that there are. */
  List<UserView> views() {
    return viewsWhere("true", Set.of());
  }

  List<UserView> partitionsWithinOthers(Collection<TableName> tables) {
    return Definitions.partitionsWithin(
        tables,
        partitionsWhere(
            "c.oid in (select to_regclass(name)::oid from unnest(:tables) name)", tables));
  }

  /** All that there are. */
  List<Partition> partitions() {
    return partitionsWhere("true", Set.of());
  }

  private List<Partition> partitionsWhere(String condition, Collection<TableName> tables) {
    return db.sql(
            """
            select n.nspname, c.relname,
              array(select a.attname::text from pg_attribute a
                where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum),
              coalesce(pg_get_partition_constraintdef(c.oid), 'true'),
              array(select pn.nspname::text
                from pg_partition_ancestors(c.oid) with ordinality a(relid, place)
                join pg_class p on p.oid = a.relid join pg_namespace pn on pn.oid = p.relnamespace
                where a.relid <> c.oid order by a.place),
              array(select p.relname::text
                from pg_partition_ancestors(c.oid) with ordinality a(relid, place)
                join pg_class p on p.oid = a.relid
                where a.relid <> c.oid order by a.place)
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relispartition and c.relkind in ('r', 'p') and %s
            order by c.oid
            """
                .formatted(condition))
        .param("tables", tables.stream().map(TableName::quoted).toArray(String[]::new))
        .query(SourceDefinitions::partition)
        .list();
  }

  private static Partition partition(ResultSet row, int number) throws SQLException {
    List<String> schemas = SourceCatalogue.texts(row, 5);
    List<String> names = SourceCatalogue.texts(row, 6);
    return new Partition(
        new TableName(row.getString(1), row.getString(2)),
        SourceCatalogue.texts(row, 3),
        IntStream.range(0, names.size())
            .mapToObj(i -> new TableName(schemas.get(i), names.get(i)))
            .toList(),
        row.getString(4));
  }

  private static UserView view(ResultSet row, int number) throws SQLException {
    return new UserView(
        new TableName(row.getString(1), row.getString(2)),
        SourceCatalogue.texts(row, 3),
        SqlTokens.statement(row.getString(4)));
  }

  private List<UserView> viewsWhere(String condition, Set<String> names) {
    return db.sql(
            """
            select n.nspname, c.relname, array(select a.attname::text from pg_attribute a
                where a.attrelid = c.oid and a.attnum > 0 order by a.attnum), pg_get_viewdef(c.oid)
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where %s and c.relkind = 'v' and c.oid >= 16384
              and c.relpersistence <> 't' and n.nspname not in ('read', 'freshet', 'information_schema')
            order by c.oid
            """
                .formatted(condition))
        .param("names", names.toArray(String[]::new))
        .query(SourceDefinitions::view)
        .list();
  }
}
