package dev.freshet.sync.slot;

import dev.freshet.protocol.Lsn;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Claim;
import dev.freshet.sync.source.Published;
import dev.freshet.sync.source.UserView;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.springframework.jdbc.BadSqlGrammarException;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Publication and replication slot of one read database, on the primary; both have its name. */
public final class Slot {

  /** How long a connection that is told to end may take. */
  private static final Duration END_TIMEOUT = Duration.ofSeconds(3);

  private final JdbcClient db;
  private final String name;

  /**
   * Names them; nothing is made yet.
   *
   * @param name of lower case letters, digits and underscores, as slots' names are
   */
  public Slot(JdbcClient db, String name) {
    this.db = db;
    this.name = name;
  }

  public String name() {
    return name;
  }

  /** What the server says of the slot. */
  public sealed interface State {
    record Absent() implements State {}

    /** The server has given up log that the slot still needed. */
    record Lost() implements State {}

    record Usable() implements State {}
  }

  /**
   * Checks that the slot can go on from a position.
   *
   * @throws SyncRefused when the slot was confirmed beyond it: what lies between never arrived
   */
  public State check(Lsn applied) {
    record Row(String walStatus, String confirmed) {}
    Optional<Row> row =
        db.sql(
                """
                select coalesce(wal_status, ''), confirmed_flush_lsn::text
                from pg_replication_slots where slot_name = :name
                """)
            .param("name", name)
            .query((r, n) -> new Row(r.getString(1), r.getString(2)))
            .optional();
    if (row.isEmpty()) {
      return new State.Absent();
    }
    if (row.get().walStatus().equals("lost")) {
      return new State.Lost();
    }
    if (Lsn.parse(row.get().confirmed()).compareTo(applied) > 0) {
      throw new SyncRefused(
          "Slot %s was confirmed up to %s, but only %s was applied: the changes between are missing. Drop the slot with select pg_drop_replication_slot('%s'); then everything is copied again."
              .formatted(name, row.get().confirmed(), applied, name));
    }
    return new State.Usable();
  }

  /** How the slot's claim stands; empty when there is no slot. */
  public Optional<Claim> claim() {
    return db.sql(
            """
            select coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint,
              safe_wal_size, wal_status = 'lost'
            from pg_replication_slots where slot_name = :name
            """)
        .param("name", name)
        .query(
            (row, number) ->
                new Claim(row.getLong(1), row.getObject(2, Long.class), row.getBoolean(3)))
        .optional();
  }

  /**
   * Makes sure that nobody else is using the slot.
   *
   * @param ours whether this read database has used the slot before
   * @throws SyncRefused when somebody else is using it
   */
  public void requireFree(boolean ours) {
    boolean active =
        db.sql("select active from pg_replication_slots where slot_name = :name")
            .param("name", name)
            .query(Boolean.class)
            .optional()
            .orElse(false);
    if (active && !ours) {
      throw new SyncRefused(
          "The slot %s is in use by another sync. Give this read database a name of its own with --id."
              .formatted(name));
    }
  }

  /**
   * Ends the connection of whoever streams from the slot: a predecessor that was killed, or cut off
   * from the read database but not from here. The server itself would notice after its {@code
   * wal_sender_timeout}, a minute mostly. Only for whoever leads.
   */
  public void takeOver() {
    db.sql(
            """
            select pg_terminate_backend(active_pid, :millis) from pg_replication_slots
            where slot_name = :name and active_pid is not null
            """)
        .param("name", name)
        .param("millis", END_TIMEOUT.toMillis())
        .query((row, number) -> row.getBoolean(1))
        .list();
  }

  /** Drops the slot where there is one. Only for whoever leads. */
  public void drop() {
    takeOver();
    db.sql(
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = :name")
        .param("name", name)
        .query((row, number) -> "")
        .list();
  }

  /** Drops the publication where there is one. */
  public void unpublish() {
    db.sql("drop publication if exists " + TableName.quoted(name)).update();
  }

  /**
   * Makes the publication have exactly these tables, as far as its role may.
   *
   * <p>Changes of a partition come in the name of the topmost of its parents that is published, so
   * that a partition beside its parent has none of its own.
   */
  public Published publish(Collection<TableName> tables) {
    Set<TableName> within =
        new SourceDefinitions(db)
            .partitionsWithinOthers(tables).stream()
                .map(UserView::name)
                .collect(Collectors.toSet());
    if (!within.isEmpty()) {
      Set<TableName> others = new TreeSet<>(tables);
      others.removeAll(within);
      Published published = publish(others);
      Set<TableName> missing = new TreeSet<>(published.missing());
      missing.addAll(within);
      return new Published(
          missing,
          "%sPartitions %s have parents that are followed, too, in whose name their changes come. Read the parents, with the partitions' conditions."
              .formatted(published.reason().isEmpty() ? "" : published.reason() + " ", within),
          published.added());
    }
    String list = tables.stream().map(TableName::quoted).collect(Collectors.joining(", "));
    Set<TableName> published =
        Set.copyOf(
            db.sql("select schemaname, tablename from pg_publication_tables where pubname = :name")
                .param("name", name)
                .query((row, number) -> new TableName(row.getString(1), row.getString(2)))
                .list());
    boolean exists =
        db.sql("select 1 from pg_publication where pubname = :name")
            .param("name", name)
            .query(Integer.class)
            .optional()
            .isPresent();
    try {
      if (!exists) {
        db.sql(createPublication(name, tables)).update();
      } else if (tables.isEmpty()) {
        for (TableName table : published) {
          db.sql(
                  "alter publication %s drop table %s"
                      .formatted(TableName.quoted(name), table.quoted()))
              .update();
        }
      } else if (!published.equals(Set.copyOf(tables))) {
        db.sql("alter publication " + TableName.quoted(name) + " set table " + list).update();
      }
      Set<TableName> added = new TreeSet<>(tables);
      added.removeAll(published);
      return new Published(Set.of(), "", added);
    } catch (BadSqlGrammarException e) {
      // It belongs to somebody else, and may well hold more than is needed.
      Set<TableName> missing = new TreeSet<>(tables);
      missing.removeAll(published);
      return new Published(
          missing,
          missing.isEmpty()
              ? ""
              : "The publication %s lacks %s, and can't be made to hold it: %s. Have an owner of the tables run what freshet sync setup --print says."
                  .formatted(name, missing, e.getMostSpecificCause().getMessage()));
    }
  }

  /** The statement that makes the publication. */
  public static String createPublication(String name, Collection<TableName> tables) {
    String list = tables.stream().map(TableName::quoted).collect(Collectors.joining(", "));
    return "create publication %s %swith (publish_via_partition_root = true)"
        .formatted(TableName.quoted(name), tables.isEmpty() ? "" : "for table %s ".formatted(list));
  }
}
