package dev.freshet.protocol;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A refusal in the words of PostgREST, for clients that are made for it.
 *
 * @param status the HTTP status, which may be another than that of a problem document
 * @param code {@code PGRST…}, or an SQLSTATE
 * @param message what happened
 * @param details more of it, or null
 * @param hint what to do, or null
 * @see <a href="https://docs.postgrest.org/en/v14/references/errors.html">PostgREST's errors</a>
 */
public record PostgrestError(
    int status, String code, String message, @Nullable String details, @Nullable String hint) {

  public static final String MEDIA_TYPE = "application/json; charset=utf-8";

  /** Says which library a client uses. */
  public static final String CLIENT_INFO = "X-Client-Info";

  /** Names a schema, as no other clients do. */
  public static final String PROFILE = "Accept-Profile";

  private static final String MEDIA_TYPES = "application/vnd.pgrst";

  /**
   * Whether a request comes from a client that expects such errors.
   *
   * @param clientInfo the values of {@link #CLIENT_INFO}
   * @param accept the values of {@code Accept}
   * @param profile the values of {@link #PROFILE}
   */
  public static boolean isExpectedBy(
      Iterable<String> clientInfo, Iterable<String> accept, Iterable<String> profile) {
    return any(clientInfo, "postgrest", "supabase")
        || any(accept, MEDIA_TYPES)
        || profile.iterator().hasNext();
  }

  private static boolean any(Iterable<String> values, String... parts) {
    for (String value : values) {
      String lower = value.toLowerCase(Locale.ROOT);
      if (Stream.of(parts).anyMatch(lower::contains)) {
        return true;
      }
    }
    return false;
  }

  /** What a problem is there, as far as its code alone says. */
  public static PostgrestError of(Problem problem) {
    return switch (problem.code()) {
      case ProblemCode.UNKNOWN_MODEL -> of(404, "PGRST205", problem);
      case ProblemCode.NO_ROUTE, ProblemCode.NOT_FOUND -> of(404, "PGRST125", problem);
      case ProblemCode.UNKNOWN_COLUMN -> of(400, "42703", problem);
      case ProblemCode.MALFORMED_JSON, ProblemCode.UNSUPPORTED_MEDIA_TYPE ->
          of(400, "PGRST102", problem);
      case ProblemCode.METHOD_NOT_ALLOWED -> of(405, "PGRST117", problem);
      case ProblemCode.RANGE_NOT_SATISFIABLE -> of(416, "PGRST103", problem);
      case ProblemCode.NOT_ACCEPTABLE -> of(406, "PGRST107", problem);
      case ProblemCode.UNAUTHENTICATED -> of(401, "PGRST301", problem);
      case ProblemCode.FORBIDDEN -> of(403, "42501", problem);
      case ProblemCode.DATABASE_UNAVAILABLE, ProblemCode.NOT_CAUGHT_UP, ProblemCode.NO_INSTANCE ->
          of(503, "PGRST001", problem);
      case ProblemCode.BAD_VALUE, ProblemCode.UNKNOWN_OPERATOR, ProblemCode.BAD_REQUEST ->
          of(400, "PGRST100", problem);
      case ProblemCode.INTERNAL -> of(500, "PGRSTX00", problem);
      default -> of(problem.code().status(), problem.code().code(), problem);
    };
  }

  private static PostgrestError of(int status, String code, Problem problem) {
    return new PostgrestError(status, code, problem.detail(), null, null);
  }

  /** The members of the JSON document. */
  public Map<String, @Nullable Object> members() {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    members.put("code", code);
    members.put("details", details);
    members.put("hint", hint);
    members.put("message", message);
    return members;
  }
}
