package dev.freshet.sync.model;

/** Leaves whatever a session is doing, on any of its threads: it has come to this end. */
public final class EndSession extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient SessionEnd end;

  public EndSession(SessionEnd end) {
    super(end.toString(), null, false, false);
    this.end = end;
  }

  /**
   * Has the next session start from what is true now.
   *
   * @param why a sentence
   */
  public static EndSession outdated(String why) {
    return new EndSession(new SessionEnd.Outdated(why));
  }

  public SessionEnd end() {
    return end;
  }
}
