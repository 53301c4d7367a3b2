package dev.freshet.protocol;

import java.util.Locale;

/** The closed list of problems that clients may be told of; see the contract's table. */
public enum ProblemCode implements Problem.Code {
  NO_ROUTE(404, "No route"),
  METHOD_NOT_ALLOWED(405, "Method not allowed"),
  BAD_REQUEST(400, "Bad request"),
  LEVEL_NOT_ALLOWED(400, "Consistency level not allowed"),
  BAD_SESSION(400, "Bad session token"),
  POSITION_LOST(409, "Position lost"),
  NOT_CAUGHT_UP(503, "Not caught up"),
  NO_INSTANCE(503, "No instance"),
  BACKEND_TIMEOUT(504, "Backend timeout"),
  BACKEND_UNREACHABLE(502, "Backend unreachable"),
  OUTCOME_UNKNOWN(504, "Outcome unknown"),
  NOT_ACCEPTABLE(406, "Not acceptable"),
  REQUEST_TIMEOUT(408, "Request timeout"),
  TOO_LARGE(413, "Too large"),
  MISDIRECTED(421, "Misdirected request"),
  URI_TOO_LONG(414, "Target too long"),
  UNSUPPORTED_MEDIA_TYPE(415, "Unsupported media type"),
  RANGE_NOT_SATISFIABLE(416, "Range not satisfiable"),
  HEADERS_TOO_LARGE(431, "Headers too large"),
  TOO_MANY_REQUESTS(429, "Too many requests"),
  UNAUTHENTICATED(401, "Unauthenticated"),
  FORBIDDEN(403, "Forbidden"),
  UNKNOWN_MODEL(404, "Unknown model"),
  NOT_FOUND(404, "Not found"),
  UNKNOWN_COLUMN(400, "Unknown column"),
  UNKNOWN_OPERATOR(400, "Unknown operator"),
  BAD_VALUE(400, "Bad value"),
  MALFORMED_JSON(400, "Malformed JSON"),
  INVALID(422, "Invalid"),
  CONFLICT(409, "Conflict"),
  GONE(410, "Gone"),
  IN_PROGRESS(409, "In progress"),
  IDEMPOTENCY_MISMATCH(422, "Idempotency mismatch"),
  PRECONDITION_REQUIRED(428, "Precondition required"),
  NOT_READY(503, "Not ready"),
  VERSION_MISMATCH(412, "Version mismatch"),
  DATABASE_UNAVAILABLE(503, "Database unavailable"),
  INTERNAL(500, "Internal error");

  private final int status;
  private final String title;

  ProblemCode(int status, String title) {
    this.status = status;
    this.title = title;
  }

  @Override
  public int status() {
    return status;
  }

  @Override
  public String title() {
    return title;
  }

  @Override
  public String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  @Override
  public String type() {
    return Problem.TYPE_PREFIX + code();
  }
}
