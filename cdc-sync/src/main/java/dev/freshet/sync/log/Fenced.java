package dev.freshet.sync.log;

import dev.freshet.sync.source.ListenerFailed;

/** Another writer has the log now. Nothing of what was under way is in it. */
public final class Fenced extends ListenerFailed {

  private static final long serialVersionUID = 1L;

  Fenced(Throwable cause) {
    super("Another publisher writes this log now; nothing was written", cause);
  }
}
