package dev.freshet.sync.source;

import dev.freshet.sync.model.TableName;
import java.util.List;

/**
 * A table that holds a part of another one's rows.
 *
 * @param columns their names, in order
 * @param ancestors the tables that it is a part of, the nearest first
 * @param condition that its rows meet, in SQL
 */
public record Partition(
    TableName name, List<String> columns, List<TableName> ancestors, String condition) {

  public Partition {
    columns = List.copyOf(columns);
    ancestors = List.copyOf(ancestors);
  }
}
