package dev.freshet.sync.source;

import dev.freshet.sync.model.TableName;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A base table of the source.
 *
 * @param columns its columns, in order
 * @param key the primary key's columns, in order
 */
public record SourceTable(TableName name, List<Column> columns, List<String> key) {

  /**
   * A column.
   *
   * @param type as PostgreSQL prints it, with its modifier
   */
  public record Column(String name, String type) {}

  public SourceTable {
    columns = List.copyOf(columns);
    key = List.copyOf(key);
  }

  /** Columns and key as one text, which differs whenever a mirror has to be made anew. */
  public String shape() {
    return name
        + columns.stream()
            .map(c -> c.name() + " " + c.type())
            .collect(Collectors.joining(",", "(", ")"))
        + key;
  }
}
