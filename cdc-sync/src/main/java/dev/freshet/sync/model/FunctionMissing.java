package dev.freshet.sync.model;

/** A model calls a function that the read database does not have. */
public final class FunctionMissing extends SyncRefused {

  private static final long serialVersionUID = 1L;

  public FunctionMissing(String message, Throwable cause) {
    super(message, cause);
  }
}
