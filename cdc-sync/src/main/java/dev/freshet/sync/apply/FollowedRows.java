package dev.freshet.sync.apply;

import dev.freshet.protocol.ReadDatabase;
import dev.freshet.search.Json;
import dev.freshet.sync.delta.ModelDelta;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which rows changed, for stores that follow the read database: {@code freshet.followed} has their
 * keys, written in the transaction that changed them, and no values. A store that is slow finds a
 * row once, however often it changed.
 *
 * <p>A store is registered in {@code freshet.store} before its follower reads anything. Whoever
 * registers then locks {@code freshet.followed} for a moment: transactions that have not seen it
 * are committed by then, and later ones write keys for it.
 */
public final class FollowedRows {

  /** A store that is further behind reads all rows of the model again. */
  private static final long MOST_KEYS = 1_000_000;

  /** How many keys are written between two looks at how many there are. */
  private static final long LOOK_AFTER = MOST_KEYS / 10;

  private final Sql sql;
  private boolean hasStores;
  private long written;

  FollowedRows(Sql sql) {
    this.sql = sql;
  }

  void install() {
    sql.run(
        """
        create table if not exists freshet.store (
          name          text primary key,
          models        text[] not null,
          registered_at timestamptz not null default now()
        );
        alter table freshet.store add column if not exists status json,
          add column if not exists told_at timestamptz;
        create table if not exists freshet.followed (
          seq   bigint primary key generated always as identity,
          store text not null,
          model text not null,
          key   text
        );
        comment on table freshet.followed is
          'Rows that changed and that a store does not have yet: their keys as JSON arrays; null for all rows.'
        """);
  }

  /**
   * Begins a transaction.
   *
   * @param kept the models that may be in a store
   * @return those of them that are in one
   */
  Set<String> begin(Collection<String> kept) {
    hasStores = false;
    if (kept.isEmpty()) {
      return Set.of();
    }
    sql.run("lock table freshet.followed in row exclusive mode");
    Set<String> followed = new LinkedHashSet<>();
    for (List<@Nullable String> row :
        sql.query("select unnest(models) from freshet.store", List.of())) {
      hasStores = true;
      followed.add(String.valueOf(row.getFirst()));
    }
    followed.retainAll(Set.copyOf(kept));
    return followed;
  }

  /** Writes what this transaction changed, and has the followers woken up once it is committed. */
  void write(Collection<ModelDelta> changed) {
    if (!hasStores) {
      return;
    }
    for (ModelDelta delta : changed) {
      switch (delta) {
        case ModelDelta.Reset(String model, String _) -> reset(model);
        case ModelDelta.Rows rows -> write(rows);
      }
    }
    sql.query("select pg_notify('%s', '')".formatted(ReadDatabase.FOLLOWED_CHANNEL), List.of());
    if (written > LOOK_AFTER) {
      written = 0;
      bound();
    }
  }

  private void write(ModelDelta.Rows rows) {
    List<String> keys = new ArrayList<>();
    rows.removed().forEach(key -> keys.add(Json.texts(key)));
    rows.upserted().keySet().forEach(key -> keys.add(Json.texts(key)));
    sql.update(
        """
        insert into freshet.followed (store, model, key)
        select s.name, m, k from unnest(?::text[]) m
        join freshet.store s on m = any(s.models) cross join unnest(?::text[]) k
        """,
        List.of(new String[] {rows.model()}, keys.toArray(String[]::new)));
    written += keys.size();
  }

  /**
   * Any row of a model may have changed, also of one that was not kept when the transaction began.
   * What was said of single rows before does not count any more.
   */
  void reset(String model) {
    List<String[]> bound = List.of(new String[] {model}, new String[] {model});
    sql.update(
        """
        with gone as (delete from freshet.followed where model = any(?::text[]))
        insert into freshet.followed (store, model)
        select s.name, m from unnest(?::text[]) m join freshet.store s on m = any(s.models)
        """,
        bound);
  }

  private void bound() {
    for (List<@Nullable String> row :
        sql.query(
            "select distinct model from freshet.followed group by store, model having count(*) > "
                + MOST_KEYS,
            List.of())) {
      reset(String.valueOf(row.getFirst()));
    }
  }
}
