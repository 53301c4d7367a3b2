package dev.freshet.sync.model;

/** What ends a session on purpose: the next one goes on from what was applied, seeing why. */
public abstract class SessionOver extends RuntimeException {

  private static final long serialVersionUID = 1L;

  protected SessionOver(String message) {
    super(message, null, false, false);
  }
}
