package dev.freshet.sync.slot;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.connection.SqlStates;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SchemaImage;
import dev.freshet.sync.source.SourceSchema;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.UserFunction;
import dev.freshet.sync.source.UserType;
import dev.freshet.sync.source.UserView;
import dev.freshet.sync.sql.TypeParts;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Reads what the source's tables look like, and refuses what can't be mirrored exactly. */
public final class SourceCatalogue implements SourceSchema {

  /** The types of columns, and those that these are made of. */
  private static final String WANTED_TYPES =
      """
      with recursive wanted(oid) as (
        select a.atttypid from pg_attribute a
        where a.attrelid = any(:oids) and a.attnum > 0 and not a.attisdropped
        union
        select part.oid from wanted w join pg_type t on t.oid = w.oid cross join lateral (%s) part)
      """
          .formatted(TypeParts.OF_T);

  private final SourceDatabase source;
  private final JdbcClient db;
  private final SourceDefinitions definitions;

  public SourceCatalogue(SourceDatabase source) {
    this.source = source;
    this.db = source.db();
    this.definitions = new SourceDefinitions(db);
  }

  /**
   * @param identity {@code relreplident}: d(efault), i(ndex), f(ull), n(othing)
   */
  private record Relation(
      long oid,
      boolean partitioned,
      String identity,
      boolean inherited,
      boolean unlogged,
      String files,
      String columnsVersion,
      long rows) {}

  @Override
  public Optional<SourceTable> find(TableName name) {
    Optional<Relation> found =
        db.sql(
                """
                select c.oid, c.relkind = 'p', c.relreplident,
                  c.relkind = 'r' and exists (select from pg_inherits where inhparent = c.oid),
                  c.relpersistence = 'u' or exists (
                    select from pg_partition_tree(c.oid) t join pg_class p on p.oid = t.relid
                    where p.relpersistence = 'u'),
                  case c.relkind when 'r' then c.relfilenode::text
                    else (select string_agg(t.relid || ':' || p.relfilenode, ',' order by t.relid)
                          from pg_partition_tree(c.oid) t join pg_class p on p.oid = t.relid) end,
                  (select string_agg(a.attnum || ':' || a.xmin, ',' order by a.attnum)
                   from pg_attribute a where a.attrelid = c.oid and a.attnum > 0),
                  case c.relkind when 'r' then c.reltuples
                    else (select sum(nullif(p.reltuples, -1)) from pg_partition_tree(c.oid) t
                          join pg_class p on p.oid = t.relid where t.isleaf) end
                from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where n.nspname = :schema and c.relname = :name and c.relkind in ('r', 'p')
                """)
            .param("schema", name.schema())
            .param("name", name.name())
            .query(
                (row, number) ->
                    new Relation(
                        row.getLong(1),
                        row.getBoolean(2),
                        row.getString(3),
                        row.getBoolean(4),
                        row.getBoolean(5),
                        String.valueOf(row.getString(6)),
                        String.valueOf(row.getString(7)),
                        Math.max(0, row.getLong(8))))
            .optional();
    if (found.isEmpty()) {
      return Optional.empty();
    }
    Relation relation = found.get();
    if (relation.inherited()) {
      throw new SyncRefused(
          "Table %s is inherited from, so that its rows are spread over tables which are published one by one. Partition it instead, or read the children."
              .formatted(name));
    }
    if (relation.unlogged()) {
      throw new SyncRefused(
          "Table %s is unlogged, so that its changes are in no log. Make it a logged one (alter table %s set logged), or don't read it."
              .formatted(name, name.quoted()));
    }
    List<SourceTable.Column> columns = columns(relation.oid());
    refuseNamesThatDifferByCase(name, columns);
    Key key = key(name, relation);
    return Optional.of(
        new SourceTable(
            name,
            relation.oid(),
            relation.partitioned(),
            relation.files(),
            relation.columnsVersion(),
            columns,
            key.columns(),
            key.isPrimary(),
            relation.rows()));
  }

  private List<SourceTable.Column> columns(long oid) {
    return db.sql(
            """
            select a.attname, a.attnum, format_type(a.atttypid, a.atttypmod),
              case when a.attcollation <> t.typcollation
                then format(' collate %I.%I', cn.nspname, co.collname) else '' end,
              case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end,
              a.atthasdef or a.attidentity <> '',
              case when a.atthasmissing then (a.attmissingval::text::text[])[1] end
            from pg_attribute a
            join pg_type t on t.oid = a.atttypid
            left join pg_collation co on co.oid = a.attcollation
            left join pg_namespace cn on cn.oid = co.collnamespace
            left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attrelid = :oid and a.attnum > 0 and not a.attisdropped
            order by a.attnum
            """)
        .param("oid", oid)
        .query(
            (row, number) ->
                new SourceTable.Column(
                    row.getString(1),
                    row.getInt(2),
                    row.getString(3),
                    row.getString(4),
                    row.getString(5),
                    row.getBoolean(6),
                    row.getString(7)))
        .list();
  }

  private static void refuseNamesThatDifferByCase(
      TableName table, List<SourceTable.Column> columns) {
    Set<String> seen = new HashSet<>();
    for (SourceTable.Column column : columns) {
      if (!seen.add(column.name().toLowerCase(Locale.ROOT))) {
        throw new SyncRefused(
            "Table %s has columns that differ by case alone (%s), which Debezium takes for one. Rename one of them."
                .formatted(table, column.name()));
      }
    }
  }

  private record Key(List<String> columns, boolean isPrimary) {}

  private Key key(TableName name, Relation relation) {
    record Index(List<String> columns, boolean primary, boolean identity) {}
    List<Index> indexes =
        db.sql(
                """
                select (select array_agg(a.attname::text order by k.place)
                        from unnest(i.indkey::int2[]) with ordinality k(attnum, place)
                        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
                        where k.place <= i.indnkeyatts),
                  i.indisprimary, i.indisreplident
                from pg_index i
                where i.indrelid = :oid and i.indimmediate and i.indisvalid
                  and (i.indisprimary or i.indisreplident)
                """)
            .param("oid", relation.oid())
            .query((row, number) -> new Index(texts(row, 1), row.getBoolean(2), row.getBoolean(3)))
            .list();
    Optional<Index> chosen =
        switch (relation.identity()) {
          case "i" -> indexes.stream().filter(Index::identity).findFirst();
          case "n" ->
              throw new SyncRefused(
                  "Table %s has replica identity nothing, so that updates of it would fail once it is published. Set: alter table %s replica identity default;"
                      .formatted(name, name.quoted()));
          default -> indexes.stream().filter(Index::primary).findFirst();
        };
    if (chosen.isEmpty()) {
      throw new SyncRefused(
          "Table %s has no primary key that is checked at once, so its changes can't be told apart, and publishing it would make its updates fail. Give it one, or: alter table %s replica identity using index UNIQUE_INDEX;"
              .formatted(name, name.quoted()));
    }
    return new Key(chosen.get().columns(), chosen.get().primary());
  }

  static List<String> texts(ResultSet row, int column) throws SQLException {
    return row.getArray(column) == null
        ? List.of()
        : Arrays.asList((String[]) row.getArray(column).getArray());
  }

  /**
   * Has what is asked on this connection be planned once: planning a {@link #fingerprint} takes
   * four times as long as the answer, and the server would do so each time.
   */
  void planOnce() {
    db.sql("set plan_cache_mode = force_generic_plan").update();
  }

  /**
   * A text that differs whenever one of these tables, its columns, its partitions, or what they and
   * their models are defined by may have been altered: cheap enough to be asked for with every
   * batch. What stands behind the last slash is of types, functions, views and extensions.
   *
   * @param tables their {@code oid}s
   * @param types the {@code oid}s of the user's types, as {@link #types} has them
   * @param definitions names of the user's functions and views
   */
  public String fingerprint(Set<Long> tables, Set<Long> types, Set<String> definitions) {
    return db.sql(
            """
            with r as (
              select array(
                select oid::oid from unnest(:oids) oid
                union all
                select t.relid from pg_class c, pg_partition_tree(c.oid) t
                where c.oid = any(:oids) and c.relkind = 'p' and t.relid <> c.oid) as oids)
            select coalesce((select string_agg(c.oid || ':' || c.xmin || ':' || c.relname || ':' || c.relnamespace::regnamespace, ',' order by c.oid)
                from pg_class c where c.oid = any((select oids from r)::oid[])), '')
              || '/' || coalesce((select sum(hashint8(a.xmin::text::bigint * 2000 + a.attnum))
                from pg_attribute a where a.attrelid = any((select oids from r)::oid[]) and a.attnum > 0), 0)
              || '/' || coalesce((select string_agg(t.oid || ':' || t.xmin, ',' order by t.oid)
                from pg_type t where t.oid = any(:types)), '')
              || coalesce((select ' ' || sum(hashtext(e.oid || e.enumlabel || e.enumsortorder))
                from pg_enum e where e.enumtypid = any(:types)), '')
              || coalesce((select ' ' || sum(hashint8(a.xmin::text::bigint * 2000 + a.attnum))
                from pg_type t join pg_attribute a on a.attrelid = t.typrelid
                where t.oid = any(:types) and a.attnum > 0), '')
              || coalesce((select ' ' || sum(hashtext(p.oid || ':' || p.xmin))
                from pg_proc p where p.proname = any(:definitions)), '')
              || coalesce((select ' ' || sum(hashtext(r.oid || ':' || r.xmin || ':' || c.xmin)) from pg_rewrite r
                join pg_class c on c.oid = r.ev_class where c.relname = any(:definitions) and c.relkind = 'v'), '')
              || coalesce((select ' ' || string_agg(e.extname || ':' || e.extversion, ',' order by e.oid)
                from pg_extension e), '')
            """)
        .param("oids", tables.toArray(Long[]::new))
        .param("types", types.toArray(Long[]::new))
        .param("definitions", definitions.toArray(String[]::new))
        .query(String.class)
        .single();
  }

  /** The user's types that the columns of these tables are of, directly or within others. */
  public Set<Long> types(Set<Long> tables) {
    return new HashSet<>(
        db.sql(WANTED_TYPES + "select oid from wanted where oid >= 16384")
            .param("oids", tables.toArray(Long[]::new))
            .query(Long.class)
            .list());
  }

  @Override
  public List<UserType> userTypes(Set<Long> tables) {
    record Row(
        String schema,
        String name,
        String kind,
        @Nullable String extension,
        @Nullable String extensionSchema,
        @Nullable String extensionVersion,
        List<String> parts) {}
    return db
        .sql(
            WANTED_TYPES
                + """
            select n.nspname, t.typname, t.typtype::text, e.extname, en.nspname, e.extversion,
              case t.typtype
                when 'e' then (select array_agg(enumlabel::text order by enumsortorder)
                  from pg_enum where enumtypid = t.oid)
                when 'd' then array[format_type(t.typbasetype, t.typtypmod)]
                when 'c' then (select array_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)) order by a.attnum)
                  from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped)
                when 'r' then (select array['subtype = ' || format_type(r.rngsubtype, null),
                    'multirange_type_name = ' || r.rngmultitypid::regtype]
                  from pg_range r where r.rngtypid = t.oid)
              end
            from wanted w join pg_type t on t.oid = w.oid
            join pg_namespace n on n.oid = t.typnamespace
            left join pg_depend x on x.classid = 'pg_type'::regclass and x.objid = t.oid and x.deptype = 'e'
            left join pg_extension e on e.oid = x.refobjid
            left join pg_namespace en on en.oid = e.extnamespace
            where t.oid >= 16384 and (t.typtype in ('e', 'd', 'c', 'r') or (e.oid is not null and t.typcategory <> 'A'))
            order by t.oid
            """)
        .param("oids", tables.toArray(Long[]::new))
        .query(
            (row, number) ->
                new Row(
                    row.getString(1),
                    row.getString(2),
                    row.getString(3),
                    row.getString(4),
                    row.getString(5),
                    row.getString(6),
                    texts(row, 7)))
        .list()
        .stream()
        .map(
            row -> {
              TableName name = new TableName(row.schema(), row.name());
              if (row.extension() != null
                  && row.extensionSchema() != null
                  && row.extensionVersion() != null) {
                return new UserType.Extension(
                    row.extension(), row.extensionSchema(), row.extensionVersion());
              }
              return switch (row.kind()) {
                case "e" -> new UserType.Enumeration(name, row.parts());
                case "d" -> new UserType.Defined(name, "domain", "as " + row.parts().getFirst());
                case "r" ->
                    new UserType.Defined(
                        name, "type", "as range (" + String.join(", ", row.parts()) + ")");
                default ->
                    new UserType.Defined(
                        name, "type", "as (" + String.join(", ", row.parts()) + ")");
              };
            })
        .distinct()
        .collect(Collectors.toCollection(ArrayList::new));
  }

  @Override
  public List<UserFunction> functions(Set<String> names) {
    return definitions.functions(names);
  }

  @Override
  public List<UserType.Extension> extensions(Set<String> names) {
    return definitions.extensions(names);
  }

  @Override
  public List<UserView> views(Set<String> names) {
    return definitions.views(names);
  }

  @Override
  public List<UserView> partitionsWithinOthers(Collection<TableName> tables) {
    return definitions.partitionsWithinOthers(tables);
  }

  @Override
  public Set<TableName> named(Set<String> names) {
    return new HashSet<>(
        db.sql(
                """
                select n.nspname, c.relname from pg_class c
                join pg_namespace n on n.oid = c.relnamespace
                where c.relname = any(:names) and c.relkind in ('r', 'p') and c.relpersistence <> 't'
                  and n.nspname not in ('read', 'freshet', 'pg_catalog', 'information_schema')
                """)
            .param("names", names.toArray(String[]::new))
            .query((row, number) -> new TableName(row.getString(1), row.getString(2)))
            .list());
  }

  @Override
  public SchemaImage image() {
    return new WholeSchema(db).image(this);
  }

  @Override
  public String version() {
    return new WholeSchema(db).version();
  }

  @Override
  public void requireAnswerable(String model, String select) {
    try (PreparedStatement statement =
        source.connection().prepareStatement(SqlTokens.forValues(select))) {
      statement.getMetaData();
    } catch (SQLException e) {
      if (SqlStates.isByContent(e)) {
        throw new SyncRefused(
            "Model %s: the source can't answer its SELECT: %s"
                .formatted(model, String.valueOf(e.getMessage()).lines().findFirst().orElse("")),
            e);
      }
      throw new IllegalStateException(e.getMessage(), e);
    }
  }
}
