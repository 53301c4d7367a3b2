package dev.freshet.sync.apply;

import dev.freshet.sync.model.ModelFiles.Declared;
import dev.freshet.sync.model.ReadModel;
import java.util.List;
import java.util.Locale;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The models of a read database and whether readers may have them, in {@code freshet.model}. */
public final class ModelStore {

  private static final String LETTERS_WAIT =
      "Changes that touch it wait among the dead letters: retry or discard them.";

  private final JdbcClient db;

  ModelStore(JdbcClient db) {
    this.db = db;
  }

  /** What a model is to readers. */
  public enum State {
    /** Its table is not there yet, or does not follow: another copy has to answer. */
    BUILDING,
    /** Its table equals the SELECT at the applied position. */
    LIVE,
    /** It can't be kept in step; the reason says why. */
    STOPPED,
    /** Changes that touch it wait among the dead letters. */
    FAULTY;

    /** Whether its table goes on being followed. */
    public boolean isKept() {
      return this == LIVE || this == FAULTY;
    }

    String stored() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A model as it is stored.
   *
   * @param declared the file that its table was made by; for one without a table, the file as it is
   * @param meaning what it meant when its table was made, see {@link
   *     dev.freshet.sync.inference.ModelPlan#meaning}; empty where nobody knows
   */
  public record Stored(Declared declared, State state, String reason, String meaning) {

    public String name() {
      return declared.name();
    }
  }

  void install() {
    db.sql(
            """
            create table if not exists freshet.model (
              name        text primary key,
              declaration text not null,
              state       text not null,
              reason      text not null,
              kept        text not null,
              built_at    timestamptz
            )
            """)
        .update();
    db.sql("alter table freshet.model add column if not exists meaning text not null default ''")
        .update();
  }

  public List<Stored> all() {
    return db.sql(
            "select name, declaration, state, reason, meaning from freshet.model order by name")
        .query(
            (row, number) ->
                new Stored(
                    new Declared(row.getString(1), row.getString(2)),
                    State.valueOf(row.getString(3).toUpperCase(Locale.ROOT)),
                    row.getString(4),
                    row.getString(5)))
        .list();
  }

  /** Stores a model that has no table, or none that serves. */
  void put(Declared declared, State state, String reason) {
    put(declared, state, reason, "", "");
  }

  /**
   * Stores a model whose table serves from now on.
   *
   * @param kept how, in a word or two
   */
  void putLive(Declared declared, String kept, String meaning) {
    put(declared, State.LIVE, "", kept, meaning);
  }

  private void put(Declared declared, State state, String reason, String kept, String meaning) {
    db.sql(
            """
            insert into freshet.model (name, declaration, state, reason, kept, meaning, built_at)
            values (:name, :declaration, :state, :reason, :kept, :meaning,
              case :state when 'live' then clock_timestamp() end)
            on conflict (name) do update set declaration = excluded.declaration,
              state = excluded.state, reason = excluded.reason, kept = excluded.kept,
              meaning = excluded.meaning, built_at = excluded.built_at
            """)
        .param("name", declared.name())
        .param("declaration", declared.text())
        .param("state", state.stored())
        .param("reason", reason)
        .param("kept", kept)
        .param("meaning", meaning)
        .update();
  }

  /** Changes a model's state where it is not so already. */
  public void change(String name, State state, String reason) {
    db.sql(
            """
            update freshet.model set state = :state, reason = :reason
            where name = :name and (state, reason) is distinct from (:state, :reason)
            """)
        .param("name", name)
        .param("state", state.stored())
        .param("reason", reason)
        .update();
  }

  /**
   * Serves a model that is kept, or not while dead letters touch it.
   *
   * @return whether that is another state than it was in
   */
  boolean showLetters(String name, boolean touched) {
    return db.sql(
                """
            update freshet.model set state = :state, reason = :reason
            where name = :name and state in ('live', 'faulty') and state <> :state
            """)
            .param("name", name)
            .param("state", (touched ? State.FAULTY : State.LIVE).stored())
            .param("reason", touched ? LETTERS_WAIT : "")
            .update()
        > 0;
  }

  /** How many rows a model's table had when it was last analysed; 0 when that is unknown. */
  public long expectedRows(ReadModel model) {
    return db.sql(
            "select greatest(reltuples, 0)::bigint from pg_class where oid = to_regclass(:table)")
        .param("table", model.quotedName())
        .query(Long.class)
        .optional()
        .orElse(0L);
  }

  void forget(String name) {
    db.sql("delete from freshet.model where name = :name").param("name", name).update();
  }
}
