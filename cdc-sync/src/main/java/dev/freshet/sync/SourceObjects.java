package dev.freshet.sync;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.protocol.ModelComment;
import dev.freshet.sync.inference.ModelPlan;
import dev.freshet.sync.model.ModelFiles;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.slot.Slot;
import dev.freshet.sync.slot.SourceDatabase;
import dev.freshet.sync.slot.Views;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What a sync needs on the source and leaves there: a role, a publication, a slot, views. */
public final class SourceObjects {

  private static final String ROLE = "freshet_sync";

  private SourceObjects() {}

  /** The name of slot and publication for a read database, from its URL or the name given to it. */
  public static String slotName(String readDatabaseUrl, String id) {
    return SyncSettings.slotName(
        id.isEmpty() ? SyncSettings.name(PostgresUrl.parse(readDatabaseUrl)) : id);
  }

  /**
   * The SQL that an administrator runs on the source, once.
   *
   * @param models folder of the models, whose tables are to be read
   * @param views whether the models are to be installed as views, too
   * @throws SyncRefused when the models can't be read
   */
  public static String setup(Path models, String slot, boolean views) {
    Set<TableName> tables = new TreeSet<>();
    ModelFiles.read(models)
        .values()
        .forEach(declared -> tables.addAll(ModelPlan.tables(declared.model())));
    Set<String> schemas = tables.stream().map(TableName::schema).collect(Collectors.toSet());
    List<String> sql = new ArrayList<>();
    sql.add("-- Run on the source as an owner of its tables; each line once.");
    sql.add("-- The server needs this, and a restart after it, where it is not so yet:");
    sql.add("-- alter system set wal_level = 'logical';");
    sql.add("-- The role that --primary names; give it a password with \\password " + ROLE + ".");
    sql.add("create role " + ROLE + " login replication;");
    for (String schema : new TreeSet<>(schemas)) {
      sql.add("grant usage on schema %s to %s;".formatted(TableName.quoted(schema), ROLE));
    }
    for (TableName table : tables) {
      sql.add("grant select on table %s to %s;".formatted(table.quoted(), ROLE));
    }
    sql.add("-- A publication with exactly these tables; altered when models read others.");
    sql.add(Slot.createPublication(slot, tables) + ";");
    sql.add("-- The replication slot %s is made by the sync itself.".formatted(slot));
    if (views) {
      sql.add("-- For --views:");
      sql.add("create schema if not exists read authorization " + ROLE + ";");
    }
    return String.join("\n", sql) + "\n";
  }

  /** The SQL that takes a model's view out of the way of a migration. */
  public static String release(String model) {
    return """
        -- In the migration's own transaction, before it alters the tables:
        drop view if exists read.%s;
        -- A sync with --views installs the view again when it sees that it is gone.
        """
        .formatted(TableName.quoted(model));
  }

  /**
   * What was taken away.
   *
   * @param removed a line each
   * @param viewsStay whether there are views that another sync may rely on
   */
  public record Removal(List<String> removed, boolean viewsStay) {}

  /**
   * Takes slot, publication and views away again, the slot first. The views stay while another
   * sync's slot is there.
   *
   * @throws SyncRefused when a sync is still using the slot
   */
  public static Removal remove(PostgresUrl primary, String slot) throws SQLException {
    try (SourceDatabase source = SourceDatabase.connect(primary)) {
      JdbcClient db = source.db();
      List<String> removed = new ArrayList<>();
      if (exists(
          db, "select true from pg_replication_slots where slot_name = :name and active", slot)) {
        throw new SyncRefused(
            "A sync is using the slot %s. Stop it first, then remove.".formatted(slot));
      }
      if (exists(db, "select true from pg_replication_slots where slot_name = :name", slot)) {
        new Slot(db, slot).drop();
        removed.add("replication slot " + slot);
      }
      if (exists(db, "select true from pg_publication where pubname = :name", slot)) {
        new Slot(db, slot).unpublish();
        removed.add("publication " + slot);
      }
      List<String> installed = views(db);
      if (isShared(db)) {
        return new Removal(removed, !installed.isEmpty());
      }
      Views views = new Views(db, source.transactions());
      for (String view : installed) {
        Optional<String> refusal = views.drop(view);
        if (refusal.isPresent()) {
          throw new SyncRefused("View read.%s is still there. %s".formatted(view, refusal.get()));
        }
        removed.add("view read." + view);
      }
      return new Removal(removed, false);
    }
  }

  private static boolean isShared(JdbcClient db) {
    return db.sql(
                "select count(*) from pg_replication_slots where starts_with(slot_name, 'freshet_') and database = current_database()")
            .query(Long.class)
            .single()
        > 0;
  }

  private static boolean exists(JdbcClient db, String sql, String name) {
    return db.sql(sql).param("name", name).query(Boolean.class).optional().isPresent();
  }

  private static List<String> views(JdbcClient db) {
    return db.sql(
            """
            select relname from pg_class
            where relnamespace = to_regnamespace('read') and relkind = 'v'
              and starts_with(coalesce(obj_description(oid, 'pg_class'), ''), :prefix)
            """)
        .param("prefix", ModelComment.PREFIX)
        .query((row, number) -> row.getString(1))
        .list();
  }
}
