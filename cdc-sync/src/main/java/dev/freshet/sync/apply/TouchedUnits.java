package dev.freshet.sync.apply;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.sql.TypedColumns;
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
  private static final int AT_ONCE = Sql.ROWS_FETCHED;

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
    this.table = "pg_temp." + TableName.quoted(TableName.fitting("freshet_touched_" + owner));
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
      if (!overflown) {
        sql.run(
            "create table %s (%s)"
                .formatted(
                    table,
                    IntStream.range(0, columns)
                        .mapToObj(i -> "u" + i + " text")
                        .collect(Collectors.joining(", "))));
        overflown = true;
      }
      sql.update(TypedColumns.insertTexts(table, columns), TypedColumns.arrays(columns, inMemory));
      inMemory.clear();
    }
  }

  /** Hands on all units, some at a time; after an overflow one may come twice. */
  void forEachChunk(Sql sql, Consumer<List<List<@Nullable String>>> chunks) {
    if (overflown) {
      sql.run("analyze " + table);
      sql.queryInChunks("select distinct * from " + table, List.of(), chunks);
    }
    List<List<@Nullable String>> all = new ArrayList<>(inMemory);
    for (int from = 0; from < all.size(); from += AT_ONCE) {
      chunks.accept(all.subList(from, Math.min(all.size(), from + AT_ONCE)));
    }
  }
}
