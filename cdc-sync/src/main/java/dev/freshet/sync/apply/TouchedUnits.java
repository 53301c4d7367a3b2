package dev.freshet.sync.apply;

import dev.freshet.sync.model.TableName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The units of a model that a batch touches: in memory as long as they are few, and beyond {@link
 * #MOST_IN_MEMORY} in a temporary table of the apply connection.
 */
final class TouchedUnits {

  private static final int MOST_IN_MEMORY = 50_000;

  /** Units that are handed on at once; bounds the arrays that are bound. */
  private static final int AT_ONCE = 2_000;

  private final String table;
  private final int columns;
  private final Set<List<@Nullable String>> inMemory = new LinkedHashSet<>();
  private boolean overflown;
  private boolean all;

  /**
   * Starts with none.
   *
   * @param owner a name that no other holds on this connection
   * @param columns of a unit
   */
  TouchedUnits(String owner, int columns) {
    this.table = "pg_temp." + TableName.quoted("freshet_touched_" + owner);
    this.columns = columns;
  }

  /** Forgets what an earlier batch touched. */
  void clear(Sql sql) {
    inMemory.clear();
    if (overflown) {
      sql.run("drop table if exists " + table);
    }
    overflown = false;
    all = false;
  }

  /** Everything is touched. */
  void addAll() {
    all = true;
  }

  boolean isAll() {
    return all;
  }

  boolean isEmpty() {
    return !all && !overflown && inMemory.isEmpty();
  }

  void add(Sql sql, Collection<List<@Nullable String>> units) {
    inMemory.addAll(units);
    if (inMemory.size() > MOST_IN_MEMORY) {
      String names =
          IntStream.range(0, columns).mapToObj(i -> "u" + i).collect(Collectors.joining(", "));
      if (!overflown) {
        sql.run(
            "create temporary table if not exists %s (%s)"
                .formatted(table.replace("pg_temp.", ""), names.replaceAll("(u\\d+)", "$1 text")));
        overflown = true;
      }
      List<@Nullable String[]> arrays = new ArrayList<>();
      for (int i = 0; i < columns; i++) {
        int column = i;
        arrays.add(inMemory.stream().map(unit -> unit.get(column)).toArray(String[]::new));
      }
      sql.update(
          "insert into %s select * from unnest(%s)"
              .formatted(
                  table,
                  IntStream.range(0, columns)
                      .mapToObj(i -> "?::text[]")
                      .collect(Collectors.joining(", "))),
          arrays);
      inMemory.clear();
    }
  }

  /** Hands on all units but once each, some at a time. */
  void forEachChunk(Sql sql, Consumer<List<List<@Nullable String>>> chunks) {
    if (overflown) {
      add(sql, List.of());
      sql.run("analyze " + table);
      sql.queryInChunks("select distinct * from " + table, AT_ONCE, chunks);
    }
    List<List<@Nullable String>> all = new ArrayList<>(inMemory);
    for (int from = 0; from < all.size(); from += AT_ONCE) {
      chunks.accept(all.subList(from, Math.min(all.size(), from + AT_ONCE)));
    }
  }
}
