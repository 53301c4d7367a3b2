package dev.freshet.sync.analysis;

import dev.freshet.sync.connection.SqlStates;
import dev.freshet.sync.model.FunctionMissing;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableMissing;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.UserView;
import dev.freshet.sync.sql.CollationVersions;
import dev.freshet.sync.sql.TypeParts;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * Has PostgreSQL analyse SELECTs.
 *
 * <p>In a transaction that is rolled back, the read database makes an empty table for each table of
 * the source that it has no mirror of, and a view of the SELECT. What its catalogues say then is
 * read: nothing is guessed from the text, and no name is resolved by us.
 */
public final class Analyst {

  private static final String VIEW = "freshet.\"analysed\"";

  private static final String UNDEFINED_TABLE = "42P01";
  private static final String UNDEFINED_FUNCTION = "42883";
  private static final String DUPLICATE_COLUMN = "42701";

  /** Whether any of these types holds dates or times, by itself or within others. */
  private static final String HOLD_TIMES =
      """
      with recursive held(oid) as (
        select unnest(?::oid[])
        union
        select part.oid from held h join pg_type t on t.oid = h.oid cross join lateral (%s) part)
      select exists (select from held where oid in ('date'::regtype, 'time'::regtype,
        'timetz'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype))
      """
          .formatted(TypeParts.OF_T);

  private final Connection connection;

  /**
   * Works on a connection to the read database, with the pinned session settings, that nobody else
   * uses.
   */
  public Analyst(Connection connection) {
    this.connection = connection;
  }

  /**
   * Analyses a model's SELECT.
   *
   * @param tables of the source that it may mean, with their types made in the read database
   * @param views of the source that it may mean, before those that read them
   * @throws SyncRefused when PostgreSQL does not understand it
   * @throws FunctionMissing when it calls a function, or has an operator, that is not there
   * @throws TableMissing when it names a table that is not among these
   */
  public Analysis analyse(
      ReadModel model, Collection<SourceTable> tables, Collection<UserView> views)
      throws SQLException {
    String select = OneStatement.of(model);
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute("set local lock_timeout = '2s'");
      for (SourceTable table : tables) {
        new Shell(table).make(connection);
      }
      statement.execute("create schema if not exists freshet");
      Map<TableName, SQLException> failed = new LinkedHashMap<>();
      for (UserView view : views) {
        createView(statement, view).ifPresent(why -> failed.put(view.name(), why));
      }
      createView(statement, model, select, failed);
      return read(statement, select);
    } finally {
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }

  /**
   * A view that can't be made here is missed only by who reads it.
   *
   * @return why it can't be made
   */
  private static Optional<SQLException> createView(Statement statement, UserView view)
      throws SQLException {
    statement.execute("create schema if not exists " + TableName.quoted(view.name().schema()));
    statement.execute("savepoint another_view");
    try {
      statement.execute(
          "create view %s (%s) as %s"
              .formatted(
                  view.name().quoted(),
                  view.columns().stream().map(TableName::quoted).collect(Collectors.joining(", ")),
                  view.definition()));
      return Optional.empty();
    } catch (SQLException e) {
      if (!SqlStates.isByContent(e)) {
        throw e;
      }
      statement.execute("rollback to savepoint another_view");
      return Optional.of(e);
    }
  }

  private static void createView(
      Statement statement, ReadModel model, String select, Map<TableName, SQLException> failed)
      throws SQLException {
    String beginning = "create view %s as ".formatted(VIEW);
    try {
      // A comment may end the text.
      statement.execute(beginning + select + "\n");
    } catch (SQLException e) {
      String state = String.valueOf(e.getSQLState());
      String said = said(e, select, beginning.length());
      if (state.equals(UNDEFINED_TABLE)) {
        refuseForView(model, e, failed);
        throw new TableMissing(
            "Model %s can't be kept in step: the source has no such table: %s. Create it first, or name the schema it is in."
                .formatted(model.name(), said));
      }
      if (state.equals(UNDEFINED_FUNCTION)) {
        throw new FunctionMissing(
            "Model %s: PostgreSQL can't answer its SELECT: %s.".formatted(model.name(), said), e);
      }
      if (state.equals(DUPLICATE_COLUMN)) {
        throw new SyncRefused(
            "Model %s has two columns of one name: %s. Give one of them another name with AS."
                .formatted(model.name(), said),
            e);
      }
      if (SqlStates.isByContent(e)) {
        throw new SyncRefused(
            "Model %s: PostgreSQL can't answer its SELECT: %s".formatted(model.name(), said), e);
      }
      throw e;
    }
  }

  /** A view that is missing may itself miss a view. */
  private static void refuseForView(
      ReadModel model, SQLException missing, Map<TableName, SQLException> failed) {
    Map<TableName, SQLException> others = new LinkedHashMap<>(failed);
    TableName view = null;
    SQLException why = missing;
    Optional<Map.Entry<TableName, SQLException>> named = named(why, others);
    while (named.isPresent()) {
      view = named.get().getKey();
      why = named.get().getValue();
      others.remove(view);
      named = named(why, others);
    }
    if (view == null) {
      return;
    }
    String message =
        "Model %s reads %s, which the read database can't have: %s. Read what that reads instead."
            .formatted(model.name(), view, said(why, "", 0));
    throw switch (String.valueOf(why.getSQLState())) {
      case UNDEFINED_TABLE -> new TableMissing(message);
      case UNDEFINED_FUNCTION -> new FunctionMissing(message, why);
      default -> new SyncRefused(message, why);
    };
  }

  private static Optional<Map.Entry<TableName, SQLException>> named(
      SQLException why, Map<TableName, SQLException> failed) {
    String said = String.valueOf(why.getMessage());
    return failed.entrySet().stream()
        .filter(view -> namesRelation(said, view.getKey()))
        .findFirst();
  }

  /** By its name alone or with its schema, in quotes as messages have it. */
  private static boolean namesRelation(String said, TableName relation) {
    return said.contains('"' + relation.name() + '"')
        || said.contains('"' + relation.schema() + "." + relation.name() + '"');
  }

  /** The server's message, with the place in the SELECT. */
  private static String said(SQLException e, String select, int before) {
    ServerErrorMessage error =
        e instanceof PSQLException server ? server.getServerErrorMessage() : null;
    if (error == null || error.getMessage() == null) {
      return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
    int at = error.getPosition() - before - 1;
    if (at < 0 || at > select.length()) {
      return error.getMessage();
    }
    String earlier = select.substring(0, at);
    return "%s, in line %d, column %d of the SELECT"
        .formatted(
            error.getMessage(),
            1 + earlier.chars().filter(c -> c == '\n').count(),
            at - earlier.lastIndexOf('\n'));
  }

  private Analysis read(Statement statement, String written) throws SQLException {
    Map<String, String> columns = columns();
    // Of these settings the text has all schemas and quotes that it can have.
    statement.execute("set local search_path = pg_catalog; set local quote_all_identifiers = on");
    String select = definition(VIEW);
    Map<TableName, String> views = views();
    QueryTree tree = tree(views.keySet());
    Map<Long, Callable> functions = functions(tree);
    Set<String> aggregates =
        functions.values().stream()
            .filter(function -> function.kind() == 'a')
            .map(function -> function.name().substring(function.name().lastIndexOf('.') + 1))
            .collect(Collectors.toSet());
    Set<String> tableReaders =
        functions.values().stream()
            .filter(Callable::mayReadTables)
            .map(Callable::name)
            .collect(Collectors.toCollection(TreeSet::new));
    return new Analysis(
        select,
        columns,
        Ambiguity.columns(connection, VIEW),
        tables(),
        views,
        aggregates,
        tableReaders,
        definitions(functions.keySet(), tree.collations()),
        new Determinism(tree, functions)
            .objection(OneStatement.literals(written), mayHoldTimes(tree.constantTypes())));
  }

  private String definition(String view) throws SQLException {
    return one("select pg_get_viewdef(%s::regclass)".formatted(TableName.literal(view)))
        .strip()
        .replaceFirst(";$", "");
  }

  /** The rules of the SELECT and of the views that it reads. */
  private QueryTree tree(Collection<TableName> views) throws SQLException {
    List<String> rules = new ArrayList<>(List.of(VIEW));
    views.forEach(view -> rules.add(view.quoted()));
    List<String> actions = new ArrayList<>();
    for (String view : rules) {
      actions.add(
          one(
              "select ev_action::text from pg_rewrite where ev_class = %s::regclass"
                  .formatted(TableName.literal(view))));
    }
    return QueryTree.of(actions);
  }

  /** The views that the SELECT reads, directly or through others, with their own SELECTs. */
  private Map<TableName, String> views() throws SQLException {
    Map<TableName, String> views = new LinkedHashMap<>();
    for (TableName view : relations("c.relkind = 'v'")) {
      views.put(view, definition(view.quoted()));
    }
    return views;
  }

  private String one(String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  private Map<String, String> columns() throws SQLException {
    Map<String, String> columns = new LinkedHashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select attname, format_type(atttypid, atttypmod) from pg_attribute where attrelid = '%s'::regclass and attnum > 0 order by attnum"
                    .formatted(VIEW))) {
      while (row.next()) {
        columns.put(row.getString(1), row.getString(2));
      }
    }
    return columns;
  }

  private Set<TableName> tables() throws SQLException {
    return relations("c.relkind in ('r', 'p', 'm', 'f')");
  }

  /** What the SELECT reads, directly or through views. */
  private Set<TableName> relations(String such) throws SQLException {
    Set<TableName> relations = new LinkedHashSet<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                with recursive read(oid) as (
                  select '%1$s'::regclass::oid
                  union
                  select d.refobjid from read join pg_rewrite r on r.ev_class = read.oid
                  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                    and d.refclassid = 'pg_class'::regclass)
                select n.nspname, c.relname from read join pg_class c using (oid)
                join pg_namespace n on n.oid = c.relnamespace
                where c.oid <> '%1$s'::regclass and %2$s order by c.oid
                """
                    .formatted(VIEW, such))) {
      while (row.next()) {
        relations.add(new TableName(row.getString(1), row.getString(2)));
      }
    }
    return relations;
  }

  private Map<Long, Callable> functions(QueryTree tree) throws SQLException {
    List<Long> named = new ArrayList<>(tree.functions());
    tree.aggregates().forEach(call -> named.add(call.function()));
    tree.windows().forEach(call -> named.add(call.function()));
    Map<Long, Callable> functions = new LinkedHashMap<>();
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            select p.oid, p.oid < 16384,
              case when p.oid < 16384 then p.proname else n.nspname || '.' || p.proname end,
              p.prokind, p.provolatile, l.lanname, p.pronargs,
              p.proargtypes::oid[] && array['float4'::regtype::oid, 'float8'::regtype::oid],
              exists (select from pg_depend d where d.classid = 'pg_proc'::regclass
                and d.objid = p.oid and d.refclassid = 'pg_class'::regclass)
            from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            join pg_language l on l.oid = p.prolang
            where p.oid = any(?) or p.oid in (select oprcode from pg_operator where oid = any(?))
            order by p.oid
            """)) {
      statement.setArray(1, oids(named));
      statement.setArray(2, oids(tree.operators()));
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          functions.put(
              row.getLong(1),
              new Callable(
                  row.getBoolean(2),
                  row.getString(3),
                  row.getString(4).charAt(0),
                  row.getString(5).charAt(0),
                  row.getString(6),
                  row.getInt(7),
                  row.getBoolean(8),
                  row.getBoolean(9)));
        }
      }
    }
    return functions;
  }

  /** Functions by their definitions, extensions and collations by their versions. */
  private List<String> definitions(Set<Long> functions, Set<Long> collations) throws SQLException {
    String version = CollationVersions.ofC(connection.getMetaData().getDatabaseMajorVersion());
    List<String> definitions = new ArrayList<>();
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            select case p.prokind when 'a' then (select a::text from pg_aggregate a where a.aggfnoid = p.oid)
                else pg_get_functiondef(p.oid) end
            from pg_proc p where p.oid = any(?) and p.oid >= 16384
            union all
            select distinct e.extname || ' ' || e.extversion from pg_extension e
            join pg_depend d on d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid
              and d.deptype = 'e' and d.classid = 'pg_proc'::regclass
            where d.objid = any(?)
            union all
            select c.oid::regcollation || ' ' || %s
            from pg_collation c where c.oid = any(?)
            order by 1
            """
                .formatted(version))) {
      statement.setArray(1, oids(functions));
      statement.setArray(2, oids(functions));
      statement.setArray(3, oids(collations));
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          definitions.add(row.getString(1));
        }
      }
    }
    return definitions;
  }

  private boolean mayHoldTimes(Set<Long> types) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(HOLD_TIMES)) {
      statement.setArray(1, oids(types));
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  private Array oids(Collection<Long> oids) throws SQLException {
    return connection.createArrayOf("oid", oids.toArray(Long[]::new));
  }
}
