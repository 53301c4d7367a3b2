package dev.freshet.postgres;

import java.net.SocketTimeoutException;

/** Why something failed, beneath what libraries wrap it in. */
public final class RootCause {

  private RootCause() {}

  /**
   * The innermost message that there is: a pool's own hides why it has no connection. Stops at
   * {@link NotConnected}, whose message names the database.
   */
  public static String message(Throwable failure) {
    String innermost = failure.getMessage();
    for (Throwable root = failure; root.getCause() != null && !(root instanceof NotConnected); ) {
      root = root.getCause();
      innermost = root.getMessage() == null ? innermost : root.getMessage();
    }
    return String.valueOf(innermost);
  }

  /** Whether the other side gave no answer in time; one that refuses has answered. */
  public static boolean isSilence(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SocketTimeoutException) {
        return true;
      }
    }
    return false;
  }
}
