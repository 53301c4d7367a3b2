package dev.freshet.postgres;

import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** A connection to a database that can't be had; the message names the database, and says why. */
public final class NotConnected extends SQLException {

  private static final long serialVersionUID = 1L;

  /** SQLSTATE sqlclient_unable_to_establish_sqlconnection. */
  private static final String UNABLE_TO_CONNECT = "08001";

  NotConnected(PostgresUrl url, SQLException cause) {
    super(
        "%s %s: %s".formatted(url, what(cause), innermost(cause)),
        cause.getSQLState(),
        cause.getErrorCode(),
        cause);
  }

  private NotConnected(String message) {
    super(message, UNABLE_TO_CONNECT);
  }

  /**
   * None of several servers is a primary that can be connected to.
   *
   * @param why what each of them said
   */
  public static NotConnected noneIsPrimary(PostgresUrl url, List<String> why) {
    return new NotConnected(
        "None of the servers of %s is a primary that takes a connection (%s)"
            .formatted(url, String.join("; ", why)));
  }

  /** The one that a failure goes back to; empty when it does not. */
  public static Optional<NotConnected> in(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof NotConnected found) {
        return Optional.of(found);
      }
    }
    return Optional.empty();
  }

  /** Whether the server does not know role, password or database, and would say so again. */
  public boolean isLoginRefused() {
    return isLoginRefused(getSQLState());
  }

  /** By SQLSTATE: classes 28, invalid authorization, and 3D, invalid catalog name. */
  private static boolean isLoginRefused(String state) {
    return state != null && (state.startsWith("28") || state.startsWith("3D"));
  }

  private static String what(SQLException cause) {
    String state = cause.getSQLState();
    if (isLoginRefused(state)) {
      return "refused the login";
    }
    boolean isConnectionException = state == null || state.startsWith("08");
    return isConnectionException ? "can't be reached" : "takes no connection now";
  }

  /** Without the severity: it is always the same. */
  private static String innermost(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage()).replaceFirst("^FATAL: +", "");
  }
}
