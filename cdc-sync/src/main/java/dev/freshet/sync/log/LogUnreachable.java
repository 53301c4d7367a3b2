package dev.freshet.sync.log;

import dev.freshet.sync.source.ListenerFailed;
import org.jspecify.annotations.Nullable;

/** The broker does not answer, or refuses. It may another time. */
public final class LogUnreachable extends ListenerFailed {

  private static final long serialVersionUID = 1L;

  LogUnreachable(String what, @Nullable Throwable cause) {
    super(cause == null ? what : "%s: %s".formatted(what, cause.getMessage()), cause);
  }
}
