package dev.freshet.sync.model;

/** A model reads a table that is not there; it may come. */
public final class TableMissing extends SyncRefused {

  private static final long serialVersionUID = 1L;

  public TableMissing(String message) {
    super(message);
  }
}
