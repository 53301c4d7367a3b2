package dev.freshet.sync.apply;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Changes;
import dev.freshet.sync.source.RowChange;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * Collapses changes table by table, and hands them on whenever there are many: memory stays
 * bounded, however large a transaction is.
 */
final class ChangeCollector {

  private static final int MOST_COLLECTED = Changes.MOST_IN_MEMORY;

  private final Map<TableName, Mirror> mirrors;
  private final BiConsumer<Mirror, TableChanges> applied;
  private final Map<Mirror, TableChanges> collected = new LinkedHashMap<>();
  private int count;

  /**
   * Starts with nothing.
   *
   * @param mirrors the tables whose changes matter
   * @param applied takes one table's changes
   */
  ChangeCollector(Map<TableName, Mirror> mirrors, BiConsumer<Mirror, TableChanges> applied) {
    this.mirrors = mirrors;
    this.applied = applied;
  }

  void add(List<RowChange> changes) {
    for (RowChange change : changes) {
      Mirror mirror = mirrors.get(change.table());
      if (mirror != null) {
        collected.computeIfAbsent(mirror, Mirror::noChanges).add(change);
        count++;
      }
    }
    if (count >= MOST_COLLECTED) {
      flush();
    }
  }

  void flush() {
    collected.forEach(applied);
    collected.clear();
    count = 0;
  }
}
