package dev.freshet.runtime;

import dev.freshet.protocol.NotConnected;

/** Why something failed, beneath what libraries wrap it in. */
public final class RootCause {

  private RootCause() {}

  /**
   * The innermost message: what a pool says of a connection that it can't make hides why. Which
   * database it was is said one further out.
   */
  public static String message(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null && !(root instanceof NotConnected)) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }
}
