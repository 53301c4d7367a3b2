package dev.freshet.sync.source;

/** The source can't be reached, or refused a request. */
public final class SourceFailed extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final boolean byContent;

  /**
   * A failure.
   *
   * @param byContent whether trying again is of no use as long as tables and privileges are what
   *     they are
   */
  public SourceFailed(String message, boolean byContent, Throwable cause) {
    super(message, cause);
    this.byContent = byContent;
  }

  public boolean isByContent() {
    return byContent;
  }
}
