package dev.freshet.broker;

import org.jspecify.annotations.Nullable;

/** A node or a worker can't be started; the message says why and what to do. */
public final class BrokerFailed extends RuntimeException {

  private static final long serialVersionUID = 1L;

  BrokerFailed(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
