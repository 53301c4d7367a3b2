package dev.freshet.protocol;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A refusal, as RFC 9457 problem details.
 *
 * @param code what kind of problem it is
 * @param detail what happened here and what to do, one or two sentences
 * @param violations every violation found in a body; empty for other problems
 */
public record Problem(ProblemCode code, String detail, List<Violation> violations) {

  public static final String MEDIA_TYPE = "application/problem+json";

  /** What the type of every problem begins with. */
  public static final String TYPE_PREFIX = "urn:freshet:";

  /**
   * One violation in a request body.
   *
   * @param pointer JSON Pointer (RFC 6901) to the offending value
   * @param message what is wrong with it
   */
  public record Violation(String pointer, String message) {}

  public Problem {
    violations = List.copyOf(violations);
  }

  public static Problem of(ProblemCode code, String detail) {
    return new Problem(code, detail, List.of());
  }

  /** The members of the JSON document, in the order in which a person reads them. */
  public Map<String, Object> members() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("type", TYPE_PREFIX + code.code());
    members.put("title", code.title());
    members.put("status", code.status());
    members.put("detail", detail);
    members.put("code", code.code());
    if (!violations.isEmpty()) {
      members.put("errors", violations);
    }
    return members;
  }
}
