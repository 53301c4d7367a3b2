package dev.freshet.sync.slot;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceSchema;
import dev.freshet.sync.source.UserFunction;
import dev.freshet.sync.source.UserType;
import dev.freshet.sync.source.UserView;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
    Map<String, UserFunction> found = new LinkedHashMap<>();
    Set<String> asked = new HashSet<>();
    Set<String> next = names;
    while (!next.isEmpty()) {
      asked.addAll(next);
      Set<String> named = new HashSet<>();
      for (UserFunction function : functionsNamed(next)) {
        if (found.putIfAbsent(function.signature(), function) == null) {
          // Its body stands between quotes that PostgreSQL makes.
          named.addAll(
              SqlTokens.namesIn(function.definition().replaceAll("\\$functionx*\\$", " ")));
        }
      }
      named.removeAll(asked);
      next = named;
    }
    return List.copyOf(found.values());
  }

  private List<UserFunction> functionsNamed(Set<String> names) {
    return db.sql(
            """
            select n.nspname, p.proname,
              coalesce((select string_agg(format_type(t.type, null), ', ' order by t.place)
                from unnest(p.proargtypes::oid[]) with ordinality t(type, place)), ''),
              pg_get_functiondef(p.oid)
            from pg_proc p
            join pg_namespace n on n.oid = p.pronamespace
            join pg_language l on l.oid = p.prolang
            where p.proname = any(:names) and p.oid >= 16384 and p.prokind = 'f' and not p.prosecdef
              and l.lanname in ('sql', 'plpgsql') and n.nspname not in ('pg_temp', 'freshet')
              and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass
                and d.objid = p.oid and d.deptype = 'e')
            order by p.oid
            """)
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

  List<UserView> views(Set<String> names) {
    Map<TableName, UserView> all = new LinkedHashMap<>();
    Set<String> asked = new HashSet<>();
    Set<String> next = new HashSet<>(names);
    while (!next.isEmpty()) {
      asked.addAll(next);
      Set<String> named = new HashSet<>();
      for (UserView view : viewsNamed(next)) {
        all.put(view.name(), view);
        named.addAll(SqlTokens.namesIn(view.definition()));
      }
      named.removeAll(asked);
      next = named;
    }
    Map<TableName, UserView> inOrder = new LinkedHashMap<>();
    all.values().forEach(view -> addWithThoseItReads(view, all, new HashSet<>(), inOrder));
    return List.copyOf(inOrder.values());
  }

  private static void addWithThoseItReads(
      UserView view,
      Map<TableName, UserView> all,
      Set<TableName> begun,
      Map<TableName, UserView> inOrder) {
    if (inOrder.containsKey(view.name()) || !begun.add(view.name())) {
      return;
    }
    Set<String> named = SqlTokens.namesIn(view.definition());
    all.values().stream()
        .filter(other -> named.contains(other.name().name()))
        .forEach(other -> addWithThoseItReads(other, all, begun, inOrder));
    inOrder.put(view.name(), view);
  }

  List<UserView> partitionsWithinOthers(Collection<TableName> tables) {
    return db.sql(
            """
            with t as (select to_regclass(name)::oid as oid from unnest(:tables) name)
            select n.nspname, c.relname, columns.names,
              format('select %s from %I.%I where %s',
                (select string_agg(format('%I', name), ', ' order by place)
                 from unnest(columns.names) with ordinality x(name, place)),
                top.schema, top.name, coalesce(pg_get_partition_constraintdef(c.oid), 'true'))
            from t join pg_class c using (oid)
            join pg_namespace n on n.oid = c.relnamespace
            cross join lateral (
              select array_agg(a.attname::text order by a.attnum) as names from pg_attribute a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) columns
            cross join lateral (
              select pn.nspname as schema, p.relname as name
              from pg_partition_ancestors(c.oid) with ordinality a(relid, place)
              join pg_class p on p.oid = a.relid join pg_namespace pn on pn.oid = p.relnamespace
              where a.relid <> c.oid and a.relid in (select oid from t)
              order by a.place desc limit 1) top
            where c.relispartition
            order by c.oid
            """)
        .param("tables", tables.stream().map(TableName::quoted).toArray(String[]::new))
        .query(SourceDefinitions::view)
        .list();
  }

  private static UserView view(ResultSet row, int number) throws SQLException {
    return new UserView(
        new TableName(row.getString(1), row.getString(2)),
        SourceCatalogue.texts(row, 3),
        SqlTokens.statement(row.getString(4)));
  }

  private List<UserView> viewsNamed(Set<String> names) {
    return db.sql(
            """
            select n.nspname, c.relname, array(select a.attname::text from pg_attribute a
                where a.attrelid = c.oid and a.attnum > 0 order by a.attnum), pg_get_viewdef(c.oid)
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relname = any(:names) and c.relkind = 'v' and c.oid >= 16384
              and c.relpersistence <> 't' and n.nspname not in ('read', 'freshet', 'information_schema')
            order by c.oid
            """)
        .param("names", names.toArray(String[]::new))
        .query(SourceDefinitions::view)
        .list();
  }
}
