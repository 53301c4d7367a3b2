package dev.freshet.sync.capture;

import dev.freshet.sync.model.SessionOver;
import dev.freshet.sync.model.TableName;

/** A row came with columns that the table does not have any more: it has to be copied anew. */
public final class UnclearColumns extends SessionOver {

  private static final long serialVersionUID = 1L;

  private final transient TableName table;

  UnclearColumns(TableName table) {
    super("Columns of table %s were renamed; it is copied anew.".formatted(table));
    this.table = table;
  }

  public TableName table() {
    return table;
  }
}
