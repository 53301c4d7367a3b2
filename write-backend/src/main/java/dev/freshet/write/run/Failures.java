package dev.freshet.write.run;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.Problem.Violation;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.write.declaration.Declaration;
import dev.freshet.write.declaration.Declaration.Violated;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the primary's errors, by which everything was rolled back, mean for a client. */
public final class Failures {

  private static final Logger log = LoggerFactory.getLogger(Failures.class);

  private static final String QUERY_CANCELED = "57014";
  private static final String TOO_MANY_CONNECTIONS = "53300";
  private static final String UNIQUE = "23505";
  private static final Set<String> CONFLICTS = Set.of(UNIQUE, "23503", "23P01");
  private static final Set<String> RETRIED = Set.of("40001", "40P01");

  /** A lock that was not waited for. */
  private static final String LOCK_NOT_AVAILABLE = "55P03";

  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  /** SQLSTATEs by which functions made for PostgREST choose the status. */
  private static final Pattern OF_POSTGREST = Pattern.compile("PT([45]\\d\\d)");

  /** Statuses that a code of ours goes with. */
  static final Map<Integer, ProblemCode> BY_STATUS =
      Map.of(
          400, ProblemCode.BAD_REQUEST,
          401, ProblemCode.UNAUTHENTICATED,
          403, ProblemCode.FORBIDDEN,
          404, ProblemCode.NOT_FOUND,
          409, ProblemCode.CONFLICT,
          412, ProblemCode.VERSION_MISMATCH,
          422, ProblemCode.INVALID);

  private Failures() {}

  /** Class 08, or no state at all, is the connection; 57P is the server going away. */
  public static boolean isOfConnection(SQLException e) {
    String state = e.getSQLState();
    return state == null || state.startsWith("08") || state.startsWith("57P");
  }

  /** Whether the same may go well another time: nothing was wrong with it. */
  static boolean isWorthRetrying(SQLException e) {
    return RETRIED.contains(String.valueOf(e.getSQLState()));
  }

  /** Whether somebody else had the values first that a unique constraint allows once. */
  static boolean isOfConstraint(SQLException e, String constraint) {
    ServerErrorMessage error = server(e);
    return UNIQUE.equals(e.getSQLState())
        && error != null
        && constraint.equals(error.getConstraint());
  }

  /** Whether a value could not be read or stored: class 22. */
  static boolean isOfData(SQLException e) {
    return String.valueOf(e.getSQLState()).startsWith("22");
  }

  /**
   * What a failure means.
   *
   * @param command that failed; null where none was reached
   */
  public static Outcome.Refused refusal(SQLException e, @Nullable Declaration command) {
    if (isOfConnection(e)) {
      return Outcome.Refused.of(
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
          Outcome.Refused.of(
              ProblemCode.BACKEND_TIMEOUT,
              "The primary took longer than there was time, for a lock perhaps. Nothing was written; try again.");
      case LOCK_NOT_AVAILABLE ->
          Outcome.Refused.of(
              ProblemCode.CONFLICT,
              "Another command is at work on this. Nothing was written; try again.");
      case INSUFFICIENT_PRIVILEGE ->
          Outcome.Refused.of(
              ProblemCode.FORBIDDEN, "You may not do this: %s.".formatted(message(e)));
      default -> byClass(e, state, command);
    };
  }

  private static Outcome.Refused byClass(
      SQLException e, String state, @Nullable Declaration command) {
    return switch (state.substring(0, Math.min(2, state.length()))) {
      case "22" ->
          Outcome.Refused.of(
              ProblemCode.INVALID, "A value can't be stored: %s.".formatted(message(e)));
      case "23" -> violated(e, state, command);
      case "40" ->
          Outcome.Refused.of(
              ProblemCode.CONFLICT,
              "Another change came in between. Nothing was written; try again.");
      case "42", "3F" ->
          Outcome.Refused.of(
              ProblemCode.NOT_READY,
              "The database is not what this command needs: %s. Nothing was written; its operators have to bring the two together."
                  .formatted(message(e)));
      case "53" ->
          Outcome.Refused.of(
              ProblemCode.DATABASE_UNAVAILABLE,
              (state.equals(TOO_MANY_CONNECTIONS)
                      ? "No connection to the primary is free."
                      : "The primary is out of disk or memory.")
                  + " Nothing was written; try again later.");
      case "25" ->
          Outcome.Refused.of(
              ProblemCode.DATABASE_UNAVAILABLE,
              "The primary takes no writes now. Nothing was written; try again later.");
      default -> {
        log.warn("A command failed: {}", e.getMessage());
        yield Outcome.Refused.ofOurs();
      }
    };
  }

  private static Outcome.Refused raised(SQLException e, int status) {
    ServerErrorMessage error = server(e);
    String detail = error == null ? "" : String.valueOf(error.getDetail());
    Problem.Code code = BY_STATUS.get(status);
    return Outcome.Refused.of(
        code != null ? code : new Problem.Declared("pt" + status, status),
        detail.isEmpty() || detail.equals("null") ? message(e) : message(e) + " " + detail);
  }

  private static Outcome.Refused violated(
      SQLException e, String state, @Nullable Declaration command) {
    ServerErrorMessage error = server(e);
    String constraint = error == null ? null : error.getConstraint();
    Violated said =
        command == null || constraint == null ? null : command.constraints().get(constraint);
    if (said != null) {
      ProblemCode code = BY_STATUS.getOrDefault(said.status(), ProblemCode.CONFLICT);
      return said.pointer() == null
          ? Outcome.Refused.of(code, said.message())
          : new Outcome.Refused(
              new Problem(
                  code,
                  Outcome.Refused.told(List.of(new Violation("", ""))),
                  List.of(new Violation(said.pointer(), said.message()))));
    }
    String what =
        constraint == null
            ? error == null || error.getColumn() == null
                ? "a constraint"
                : "that %s is there".formatted(error.getColumn())
            : constraint;
    return CONFLICTS.contains(state)
        ? Outcome.Refused.of(
            ProblemCode.CONFLICT,
            "What is there already does not allow this (%s). Nothing was written.".formatted(what))
        : Outcome.Refused.of(
            ProblemCode.INVALID,
            "The values don't keep what the database asks for: %s.".formatted(what));
  }

  private static @Nullable ServerErrorMessage server(SQLException e) {
    return e instanceof PSQLException p ? p.getServerErrorMessage() : null;
  }

  /** The server's sentence, without its prefix and what is behind it. */
  static String message(SQLException e) {
    ServerErrorMessage error = server(e);
    return error == null || error.getMessage() == null
        ? String.valueOf(e.getMessage())
        : error.getMessage();
  }
}
