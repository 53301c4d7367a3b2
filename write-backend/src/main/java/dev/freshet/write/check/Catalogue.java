package dev.freshet.write.check;

import dev.freshet.file.SqlTokens;
import dev.freshet.write.declaration.Statement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;

/** What the primary's catalogue says beside what it says of statements. */
final class Catalogue {

  private final Connection connection;

  Catalogue(Connection connection) {
    this.connection = connection;
  }

  /** The names of all constraints and unique indexes of the users' own tables. */
  Set<String> constraints() throws SQLException {
    return texts(
        """
        select conname::text from pg_constraint c join pg_namespace n on n.oid = c.connamespace
        where n.nspname not in ('pg_catalog', 'information_schema')
        union
        select i.relname::text from pg_index x join pg_class i on i.oid = x.indexrelid
        join pg_namespace n on n.oid = i.relnamespace
        where x.indisunique and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
        """);
  }

  /** Whether the login may set a role. */
  boolean mayBecome(String role) throws SQLException {
    return !texts(
            "select rolname::text from pg_roles where rolname = ? and pg_has_role(session_user, oid, 'member')",
            role)
        .isEmpty();
  }

  /** The names of the primary keys of tables with events: of a stream and a version. */
  Set<String> streams() throws SQLException {
    return texts(
        """
        select c.conname::text from pg_constraint c
        where c.contype = 'p' and (
          select array_agg(a.attname::text order by k.at) from unnest(c.conkey) with ordinality k(attnum, at)
          join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum) = array['stream', 'version']
        """);
  }

  /** Whether a statement calls a function that may do something: one of that name is volatile. */
  boolean mayDoSomething(Statement statement) throws SQLException {
    Set<String> called = SqlTokens.called(statement.sql());
    for (String name : called) {
      if (!texts("select proname::text from pg_proc where provolatile = 'v' and proname = ?", name)
          .isEmpty()) {
        return true;
      }
    }
    return false;
  }

  /** Relations of these names, found as the statements find them. */
  Set<String> relations(Collection<String> names) throws SQLException {
    Set<String> found = new TreeSet<>();
    for (String name : names) {
      found.addAll(texts("select to_regclass(?)::text", name));
    }
    return found;
  }

  private Set<String> texts(String sql, String... values) throws SQLException {
    Set<String> texts = new TreeSet<>();
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setString(i + 1, values[i]);
      }
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          String text = row.getString(1);
          if (text != null) {
            texts.add(text);
          }
        }
      }
    }
    return texts;
  }
}
