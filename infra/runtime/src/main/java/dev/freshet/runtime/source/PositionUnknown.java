package dev.freshet.runtime.source;

/** A copy can't be asked how far it is; its cause says why. */
public final class PositionUnknown extends Exception {
  private static final long serialVersionUID = 1L;

  /** Wraps what kept the copy from being asked. */
  public PositionUnknown(Throwable cause) {
    super(cause);
  }
}
