package dev.freshet.read.store;

import dev.freshet.read.query.Refused;

/** A store can't answer. */
public final class StoreFailed extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient Refused refused;
  private final boolean hasChanged;

  /**
   * A failure.
   *
   * @param refused what to tell the client
   * @param hasChanged whether the model may be another than the store said
   */
  public StoreFailed(Refused refused, boolean hasChanged, Throwable cause) {
    super(cause.getMessage(), cause);
    this.refused = refused;
    this.hasChanged = hasChanged;
  }

  /** What to tell the client. */
  public Refused refused() {
    return refused;
  }

  /** Whether {@link ModelStore#forget} and another question may help. */
  public boolean hasChanged() {
    return hasChanged;
  }
}
