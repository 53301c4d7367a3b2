package dev.freshet.sync.source;

import org.jspecify.annotations.Nullable;

/** A listener can't take transactions now; whoever captures ends with this, as it is. */
public class ListenerFailed extends RuntimeException {

  private static final long serialVersionUID = 1L;

  protected ListenerFailed(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
