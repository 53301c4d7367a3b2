package dev.freshet.read.sql;

import dev.freshet.protocol.PostgrestError;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.query.Refused;
import dev.freshet.read.store.Asker;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Optional;
import java.util.Set;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** What a failed statement means for the client, by SQLSTATE (PostgreSQL's manual, appendix A). */
final class SqlFailure {

  private static final Set<String> MODEL_CHANGED =
      Set.of(
          "0A000", // a cached plan's result type changed
          "42P01", // undefined table
          "42703"); // undefined column

  private static final String UNDEFINED_TABLE = "42P01";
  static final String INSUFFICIENT_PRIVILEGE = "42501";
  static final String PROGRAM_LIMIT_EXCEEDED = "54000";

  /** Also of operands of the wrong type: IS TRUE on a text, for example. */
  private static final String SYNTAX_OR_ACCESS_CLASS = "42";

  private static final String UNDEFINED_FUNCTION = "42883";
  static final String QUERY_CANCELED = "57014";
  private static final String DATA_EXCEPTION_CLASS = "22";
  private static final String PROGRAM_LIMIT_CLASS = "54";
  private static final String INVALID_SCHEMA_CLASS = "3F";
  private static final String INSUFFICIENT_RESOURCES_CLASS = "53";
  static final String TOO_MANY_CONNECTIONS = "53300";

  private SqlFailure() {}

  /** Whether the relation is no longer what the catalogue remembers. */
  static boolean meansTheModelChanged(SQLException e) {
    return MODEL_CHANGED.contains(state(e));
  }

  /** For both kinds of clients. */
  static Refused refused(SQLException e, Asker asker) {
    Problem problem = problem(e, asker);
    // Of what went wrong within, clients learn no more than that.
    return state(e).isEmpty() || problem.code() == ProblemCode.DATABASE_UNAVAILABLE
        ? Refused.of(problem)
        : new Refused(problem, postgrest(e, problem, asker));
  }

  private static PostgrestError postgrest(SQLException e, Problem problem, Asker asker) {
    Optional<ServerErrorMessage> said =
        e instanceof PSQLException told
            ? Optional.ofNullable(told.getServerErrorMessage())
            : Optional.empty();
    return new PostgrestError(
        status(state(e), "{}".equals(asker.claims())),
        state(e).equals(UNDEFINED_TABLE) ? "PGRST205" : state(e),
        said.map(ServerErrorMessage::getMessage).orElse(problem.detail()),
        said.map(ServerErrorMessage::getDetail).orElse(null),
        said.map(ServerErrorMessage::getHint).orElse(null));
  }

  /** PostgREST's, for the states that a read can end with. */
  private static int status(String state, boolean isAnybody) {
    return switch (state) {
      case UNDEFINED_FUNCTION, UNDEFINED_TABLE -> 404;
      case INSUFFICIENT_PRIVILEGE -> isAnybody ? 401 : 403;
      case "42P17" -> 500;
      default ->
          switch (state.substring(0, 2)) {
            case "08", "53" -> 503;
            case "0L", "0P", "28" -> 403;
            case "25", "38", "39", "40", "54", "55", "57", "58", "F0", "HV", "P0", "XX" -> 500;
            default -> 400;
          };
    };
  }

  static Problem problem(SQLException e, Asker asker) {
    String state = state(e);
    String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    if (asker.role() != null && isOfTheRoleItself(message, asker.role())) {
      return Problem.of(
          ProblemCode.DATABASE_UNAVAILABLE,
          "The read-backend can't answer as your role; its log says why.");
    }
    if (state.startsWith(DATA_EXCEPTION_CLASS)) {
      return Problem.of(
          ProblemCode.BAD_VALUE, "A value doesn't fit its column: %s".formatted(said(message)));
    }
    if (state.startsWith(PROGRAM_LIMIT_CLASS)) {
      return Problem.of(
          ProblemCode.BAD_VALUE, "The query asks for too much: %s".formatted(said(message)));
    }
    if (state.startsWith(INVALID_SCHEMA_CLASS)) {
      return Problem.of(
          ProblemCode.BAD_VALUE, "The query names what is not there: %s".formatted(said(message)));
    }
    if (state.equals(UNDEFINED_FUNCTION)) {
      return Problem.of(
          ProblemCode.UNKNOWN_OPERATOR,
          "An operator doesn't apply to its column: %s".formatted(said(message)));
    }
    if (state.equals(UNDEFINED_TABLE)) {
      return Problem.of(ProblemCode.UNKNOWN_MODEL, "This read model is gone from this source.");
    }
    if (state.equals(INSUFFICIENT_PRIVILEGE)) {
      return asker.role() == null
          ? Problem.of(
              ProblemCode.DATABASE_UNAVAILABLE,
              "The read-backend's role lacks a privilege; its log names it.")
          : Problem.of(ProblemCode.FORBIDDEN, "Your role may not read this.");
    }
    if (state.startsWith(SYNTAX_OR_ACCESS_CLASS)) {
      return Problem.of(
          ProblemCode.BAD_VALUE, "The query doesn't fit the model: %s".formatted(said(message)));
    }
    if (state.equals(QUERY_CANCELED)) {
      return Problem.of(
          ProblemCode.BACKEND_TIMEOUT,
          "The query took longer than this backend allows. Ask for less, or declare an index.");
    }
    return Problem.of(
        ProblemCode.DATABASE_UNAVAILABLE,
        state.equals(TOO_MANY_CONNECTIONS) || isOfABusyPool(e)
            ? "No connection to the source is free; try again later."
            : state.startsWith(INSUFFICIENT_RESOURCES_CLASS)
                ? "The source is out of disk or memory; try again later."
                : "The source can't answer now; try again later.");
  }

  /** The source has no such role, or the login is no member of it. */
  private static boolean isOfTheRoleItself(String message, String role) {
    return message.contains("role \"%s\"".formatted(role));
  }

  /** A pool says so without a state when all of its connections are in use. */
  private static boolean isOfABusyPool(SQLException e) {
    return e instanceof SQLTransientConnectionException && e.getSQLState() == null;
  }

  private static String said(String message) {
    return message.replaceFirst("^ERROR: ", "") + ".";
  }

  private static String state(SQLException e) {
    return e.getSQLState() == null ? "" : e.getSQLState();
  }
}
