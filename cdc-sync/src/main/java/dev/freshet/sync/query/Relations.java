package dev.freshet.sync.query;

import dev.freshet.sync.model.TableMissing;
import dev.freshet.sync.model.TableName;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is known of the tables and functions that a model names.
 *
 * @param columns by table, all of them
 * @param primaryKeys by table
 * @param columnTypes by table and column, as PostgreSQL prints them
 * @param views their SELECTs, in the form that {@link QueryReader} reads
 * @param aggregates names of the aggregates that the SELECT calls
 */
public record Relations(
    Map<TableName, List<String>> columns,
    Map<TableName, List<String>> primaryKeys,
    Map<TableName, Map<String, String>> columnTypes,
    Map<TableName, String> views,
    Set<String> aggregates) {

  public Relations {
    columns = Map.copyOf(columns);
    primaryKeys = Map.copyOf(primaryKeys);
    columnTypes = Map.copyOf(columnTypes);
    views = Map.copyOf(views);
    aggregates = Set.copyOf(aggregates);
  }

  /** A table's primary key, as the query names its columns; empty where it has none. */
  public List<String> keyOf(From.Table table) {
    List<String> stored = primaryKeys.getOrDefault(table.name(), List.of());
    return table.stored().containsAll(stored)
        ? stored.stream().map(part -> table.columns().get(table.stored().indexOf(part))).toList()
        : List.of();
  }

  public List<String> columnsOf(TableName table) {
    List<String> found = columns.get(table);
    if (found == null) {
      throw new TableMissing(
          "there is no table %s in the source. Create it first, or name the schema it is in"
              .formatted(table));
    }
    return found;
  }
}
