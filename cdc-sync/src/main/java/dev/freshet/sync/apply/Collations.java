package dev.freshet.sync.apply;

import dev.freshet.sync.sql.CollationVersions;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * The collations that the read database sorts by, each with the version that its indexes were made
 * under, in {@code freshet.collation}.
 *
 * <p>Versions change with the C library or ICU, usually when the server is upgraded: an index is in
 * the old order then, and PostgreSQL does not find rows by it that are there.
 */
public final class Collations {

  private final JdbcClient db;
  private final Sql sql;

  Collations(JdbcClient db, Sql sql) {
    this.db = db;
    this.sql = sql;
  }

  private record Collation(String name, String version) {}

  void install() {
    db.sql(
            "create table if not exists freshet.collation (name text primary key, version text not null)")
        .update();
  }

  /**
   * Makes all indexes again if a collation has another version than when they were made.
   *
   * @return the names of those that have
   */
  public Set<String> follow() {
    List<Collation> now = now();
    Set<String> others = new TreeSet<>();
    for (Collation collation : now) {
      boolean isOther =
          db.sql(
                      "select count(*) from freshet.collation where name = :name and version <> :version")
                  .param("name", collation.name())
                  .param("version", collation.version())
                  .query(Long.class)
                  .single()
              > 0;
      if (isOther) {
        others.add(collation.name());
      }
    }
    sql.inTransaction(
        () -> {
          if (!others.isEmpty()) {
            sql.query(
                    "select oid::regclass::text from pg_class where relkind = 'r' and relhasindex and oid >= 16384",
                    List.of())
                .forEach(table -> sql.run("reindex table " + table.getFirst()));
          }
          now.forEach(this::put);
        });
    return others;
  }

  private List<Collation> now() {
    return db.sql(
            """
            select c.oid::regcollation::text, %s from pg_collation c
            where c.collname = 'default' or exists (
              select from pg_attribute a join pg_class r on r.oid = a.attrelid
              where a.attcollation = c.oid and r.relkind = 'r' and r.oid >= 16384)
            """
                .formatted(CollationVersions.ofC(sql.serverMajor())))
        .query((row, number) -> new Collation(row.getString(1), row.getString(2)))
        .list();
  }

  private void put(Collation collation) {
    db.sql(
            """
            insert into freshet.collation values (:name, :version)
            on conflict (name) do update set version = excluded.version
            """)
        .param("name", collation.name())
        .param("version", collation.version())
        .update();
  }
}
