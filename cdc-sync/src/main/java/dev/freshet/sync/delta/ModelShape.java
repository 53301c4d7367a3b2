package dev.freshet.sync.delta;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the rows of a model look like.
 *
 * @param columns their names, in the table's order
 * @param types each column's type, as PostgreSQL's {@code format_type} has it
 * @param key names of those columns that tell rows apart
 */
public record ModelShape(String model, List<String> columns, List<String> types, List<String> key) {

  /**
   * Copies the lists.
   *
   * @throws IllegalArgumentException when a column of the key is not among the columns
   */
  public ModelShape {
    columns = List.copyOf(columns);
    types = List.copyOf(types);
    key = List.copyOf(key);
    if (!columns.containsAll(key)) {
      throw new IllegalArgumentException(
          "Model %s: its key %s is not among its columns %s".formatted(model, key, columns));
    }
  }

  /** The key's values in a row. */
  public List<@Nullable String> keyOf(List<@Nullable String> row) {
    List<@Nullable String> values = new ArrayList<>(key.size());
    key.forEach(column -> values.add(row.get(columns.indexOf(column))));
    return values;
  }
}
