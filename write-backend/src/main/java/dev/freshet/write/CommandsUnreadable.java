package dev.freshet.write;

import org.jspecify.annotations.Nullable;

/** There are no commands to serve; the message says why, and what to do. */
final class CommandsUnreadable extends RuntimeException {

  private static final long serialVersionUID = 1L;

  CommandsUnreadable(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
