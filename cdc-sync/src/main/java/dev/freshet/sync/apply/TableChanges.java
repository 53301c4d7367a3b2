package dev.freshet.sync.apply;

import dev.freshet.sync.source.RowChange;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a batch comes to for one table: for each key, the row as it is at the batch's end.
 *
 * <p>Values that were not sent are taken from the row's earlier state in the batch; where there is
 * none, they stay {@link RowChange#UNCHANGED}, to be read from the mirror under {@link
 * Final#valuesFrom}.
 */
final class TableChanges {

  private final List<Integer> keyPlaces;
  private final Map<List<String>, Final> rows = new LinkedHashMap<>();
  private boolean truncated;

  /**
   * Starts with nothing.
   *
   * @param keyPlaces where in a row the key's columns are
   */
  TableChanges(List<Integer> keyPlaces) {
    this.keyPlaces = keyPlaces;
  }

  /**
   * How a row ends.
   *
   * @param row its values; when it is gone, the last that were seen, or null
   * @param gone whether it is deleted
   * @param valuesFrom the key under which the mirror has the values that were not sent
   */
  record Final(@Nullable List<@Nullable String> row, boolean gone, List<String> valuesFrom) {

    /** Whether it lacks values that were not sent. */
    boolean isIncomplete() {
      return !gone && row != null && row.stream().anyMatch(RowChange::isUnchanged);
    }
  }

  void add(RowChange change) {
    switch (change) {
      case RowChange.Truncate ignored -> {
        rows.clear();
        truncated = true;
      }
      case RowChange.Delete delete -> {
        Final before = rows.get(delete.key());
        rows.put(
            delete.key(),
            new Final(
                before == null ? null : before.row(),
                true,
                before == null ? delete.key() : before.valuesFrom()));
      }
      case RowChange.Upsert upsert -> upsert(upsert);
    }
  }

  private void upsert(RowChange.Upsert upsert) {
    List<String> key = key(upsert.row());
    List<String> oldKey = upsert.oldKey() == null ? key : upsert.oldKey();
    Final before = rows.get(oldKey);
    rows.put(
        key,
        new Final(
            before == null || before.row() == null
                ? upsert.row()
                : RowChange.filled(upsert.row(), before.row()),
            false,
            before == null ? oldKey : before.valuesFrom()));
  }

  @SuppressWarnings("NullAway") // a key's columns are not null
  private List<String> key(List<@Nullable String> row) {
    List<String> key = new ArrayList<>(keyPlaces.size());
    keyPlaces.forEach(place -> key.add(row.get(place)));
    return key;
  }

  /** The keys under which values are to be looked for that were not sent. */
  List<List<String>> wanted() {
    return rows.values().stream().filter(Final::isIncomplete).map(Final::valuesFrom).toList();
  }

  /** Takes values that were not sent from these rows, by their keys. */
  void fill(Map<List<String>, List<@Nullable String>> earlier) {
    rows.replaceAll(
        (key, end) -> {
          List<@Nullable String> row = end.row();
          List<@Nullable String> values = earlier.get(end.valuesFrom());
          return row == null || values == null || !end.isIncomplete()
              ? end
              : new Final(RowChange.filled(row, values), false, end.valuesFrom());
        });
  }

  /** Whether all rows from before the batch are gone. */
  boolean truncated() {
    return truncated;
  }

  /** The keys that the batch touched. */
  Collection<List<String>> keys() {
    return rows.keySet();
  }

  List<List<String>> deleted() {
    return rows.entrySet().stream()
        .filter(e -> e.getValue().gone())
        .map(Map.Entry::getKey)
        .toList();
  }

  List<Final> upserted() {
    return rows.values().stream().filter(end -> !end.gone()).toList();
  }
}
