package dev.freshet.sync.capture;

import dev.freshet.sync.model.SessionOver;
import dev.freshet.sync.model.TableName;

/**
 * A row came with other columns than the table is known to have: it was altered since, or the
 * change is from before.
 */
public final class UnclearColumns extends SessionOver {

  private static final long serialVersionUID = 1L;

  private final transient TableName table;

  UnclearColumns(TableName table) {
    super("Table %s has other columns than were known.".formatted(table));
    this.table = table;
  }

  public TableName table() {
    return table;
  }
}
