package dev.freshet.process;

import org.jspecify.annotations.Nullable;

/** A process can't be started; the message says why and what to do. */
public final class ProcessFailed extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** With a message for people. */
  public ProcessFailed(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
