package dev.freshet.sync.log;

/** Another writer has the log now. Nothing of what was under way is in it. */
public final class Fenced extends RuntimeException {

  private static final long serialVersionUID = 1L;

  Fenced(Throwable cause) {
    super("Another publisher writes this log now; nothing was written", cause);
  }
}
