package dev.freshet.postgres;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the primary's errors, by which a transaction was rolled back, mean for a client. */
public final class WriteProblems {

  private static final Logger log = LoggerFactory.getLogger(WriteProblems.class);

  private static final String QUERY_CANCELED = "57014";
  private static final String TOO_MANY_CONNECTIONS = "53300";
  private static final String UNIQUE = "23505";
  private static final Set<String> CONFLICTS = Set.of(UNIQUE, "23503", "23P01");

  /** A lock that was not waited for. */
  private static final String LOCK_NOT_AVAILABLE = "55P03";

  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  /** A statement in a transaction that has failed already. */
  private static final String ABORTED = "25P02";

  /** SQLSTATEs by which functions made for PostgREST choose the status. */
  private static final Pattern OF_POSTGREST = Pattern.compile("PT([45]\\d\\d)");

  /** Statuses that a code of ours goes with. */
  public static final Map<Integer, ProblemCode> BY_STATUS =
      Map.of(
          400, ProblemCode.BAD_REQUEST,
          401, ProblemCode.UNAUTHENTICATED,
          403, ProblemCode.FORBIDDEN,
          404, ProblemCode.NOT_FOUND,
          409, ProblemCode.CONFLICT,
          412, ProblemCode.VERSION_MISMATCH,
          422, ProblemCode.INVALID);

  /** Told where the fault is the file's or ours. */
  public static final String OURS = "Nothing was written; the write-backend's log says why.";

  private WriteProblems() {}

  /** Class 08, or no state at all, is the connection; 57P is the server going away. */
  public static boolean isOfConnection(SQLException e) {
    String state = e.getSQLState();
    return state == null || state.startsWith("08") || state.startsWith("57P");
  }

  /** Whether somebody else had the values first that a unique constraint allows once. */
  public static boolean isOfConstraint(SQLException e, String constraint) {
    return UNIQUE.equals(e.getSQLState()) && constraint(e).stream().anyMatch(constraint::equals);
  }

  /** The constraint that was violated; empty where the server does not name one. */
  public static Optional<String> constraint(SQLException e) {
    return Optional.ofNullable(server(e)).map(ServerErrorMessage::getConstraint);
  }

  /** What a failure means. */
  public static Problem of(SQLException e) {
    if (isOfConnection(e)) {
      return Problem.of(
          ProblemCode.DATABASE_UNAVAILABLE,
          "The primary can't be reached. Nothing was written; try again later.");
    }
    String state = String.valueOf(e.getSQLState());
    Matcher chosen = OF_POSTGREST.matcher(state);
    if (chosen.matches()) {
      return raised(e, Integer.parseInt(chosen.group(1)));
    }
    return switch (state) {
      case QUERY_CANCELED ->
          Problem.of(
              ProblemCode.BACKEND_TIMEOUT,
              "The primary took longer than there was time, for a lock perhaps. Nothing was written; try again.");
      case LOCK_NOT_AVAILABLE ->
          Problem.of(
              ProblemCode.CONFLICT,
              "Another command is at work on this. Nothing was written; try again.");
      case ABORTED ->
          Problem.of(
              ProblemCode.INTERNAL,
              "A statement failed, and the transaction went on as if nothing had been. " + OURS);
      case INSUFFICIENT_PRIVILEGE ->
          Problem.of(ProblemCode.FORBIDDEN, "You may not do this: %s.".formatted(message(e)));
      default -> byClass(e, state);
    };
  }

  private static Problem byClass(SQLException e, String state) {
    return switch (state.substring(0, Math.min(2, state.length()))) {
      case "22" ->
          Problem.of(ProblemCode.INVALID, "A value can't be stored: %s.".formatted(message(e)));
      case "23" -> violated(e, state);
      case "40" ->
          Problem.of(
              ProblemCode.CONFLICT,
              "Another change came in between. Nothing was written; try again.");
      case "42", "3F" ->
          Problem.of(
              ProblemCode.NOT_READY,
              "The database is not what this command needs: %s. Nothing was written; its operators have to bring the two together."
                  .formatted(message(e)));
      case "53" ->
          Problem.of(
              ProblemCode.DATABASE_UNAVAILABLE,
              (state.equals(TOO_MANY_CONNECTIONS)
                      ? "No connection to the primary is free."
                      : "The primary is out of disk or memory.")
                  + " Nothing was written; try again later.");
      case "25" ->
          Problem.of(
              ProblemCode.DATABASE_UNAVAILABLE,
              "The primary takes no writes now. Nothing was written; try again later.");
      default -> {
        log.warn("A command failed: {}", e.getMessage());
        yield Problem.of(ProblemCode.INTERNAL, OURS);
      }
    };
  }

  private static Problem raised(SQLException e, int status) {
    ServerErrorMessage error = server(e);
    String detail = error == null ? "" : String.valueOf(error.getDetail());
    Problem.Code code = BY_STATUS.get(status);
    return Problem.of(
        code != null ? code : new Problem.Declared("pt" + status, status),
        detail.isEmpty() || detail.equals("null") ? message(e) : message(e) + " " + detail);
  }

  private static Problem violated(SQLException e, String state) {
    ServerErrorMessage error = server(e);
    String what =
        constraint(e)
            .orElse(
                error == null || error.getColumn() == null
                    ? "a constraint"
                    : "that %s is there".formatted(error.getColumn()));
    return CONFLICTS.contains(state)
        ? Problem.of(
            ProblemCode.CONFLICT,
            "What is there already does not allow this (%s). Nothing was written.".formatted(what))
        : Problem.of(
            ProblemCode.INVALID,
            "The values don't keep what the database asks for: %s.".formatted(what));
  }

  private static @Nullable ServerErrorMessage server(SQLException e) {
    return e instanceof PSQLException p ? p.getServerErrorMessage() : null;
  }

  /** The server's sentence, without its prefix and what is behind it. */
  public static String message(SQLException e) {
    ServerErrorMessage error = server(e);
    return error == null || error.getMessage() == null
        ? String.valueOf(e.getMessage())
        : error.getMessage();
  }
}
