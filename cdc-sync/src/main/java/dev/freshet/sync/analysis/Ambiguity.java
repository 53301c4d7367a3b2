package dev.freshet.sync.analysis;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashSet;
import java.util.Set;

/** Values that are equal and may look different, as the numerics 1.0 and 1.00 do. */
final class Ambiguity {

  private Ambiguity() {}

  /**
   * Columns of a type whose equality is not that of its bytes. PostgreSQL says so by its B-tree
   * support function 4, "equalimage"; numerics of one scale are alike all the same.
   */
  static Set<String> columns(Connection connection, String relation) throws SQLException {
    Set<String> ambiguous = new LinkedHashSet<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                with recursive type(attname, oid, modifier) as (
                  select attname, atttypid, atttypmod from pg_attribute
                  where attrelid = '%s'::regclass and attnum > 0
                  union all
                  select attname, typbasetype, typtypmod from type join pg_type t on t.oid = type.oid
                  where t.typtype = 'd')
                select a.attname from pg_attribute a
                left join pg_collation l on l.oid = a.attcollation
                where a.attrelid = '%1$s'::regclass and a.attnum > 0 and (
                  l.collisdeterministic is false
                  or not exists (
                    select from type join pg_type t on t.oid = type.oid
                    where type.attname = a.attname and (
                      (t.oid = 'numeric'::regtype and type.modifier >= 0)
                      or exists (
                        select from pg_opclass c join pg_am m on m.oid = c.opcmethod and m.amname = 'btree'
                        join pg_amproc p on p.amprocfamily = c.opcfamily and p.amproclefttype = c.opcintype
                          and p.amprocrighttype = c.opcintype and p.amprocnum = 4
                        where c.opcdefault and (
                          c.opcintype = t.oid
                          or (t.typtype = 'e' and c.opcintype = 'anyenum'::regtype)
                          or exists (select from pg_cast where castsource = t.oid
                            and casttarget = c.opcintype and castmethod = 'b' and castcontext = 'i'))))))
                """
                    .formatted(relation))) {
      while (row.next()) {
        ambiguous.add(row.getString(1));
      }
    }
    return ambiguous;
  }
}
