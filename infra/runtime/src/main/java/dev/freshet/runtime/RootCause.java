package dev.freshet.runtime;

/** Why something failed, beneath what libraries wrap it in. */
public final class RootCause {

  private RootCause() {}

  /** The innermost message: what a pool says of a connection that it can't make hides why. */
  public static String message(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }
}
