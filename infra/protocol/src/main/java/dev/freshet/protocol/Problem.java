package dev.freshet.protocol;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A refusal, as RFC 9457 problem details.
 *
 * @param code what kind of problem it is
 * @param detail what happened here and what to do, one or two sentences
 * @param violations every violation found in a body; empty for other problems
 */
public record Problem(Code code, String detail, List<Violation> violations) {

  public static final String MEDIA_TYPE = "application/problem+json";

  /** What the type of every problem begins with. */
  public static final String TYPE_PREFIX = "urn:freshet:";

  /**
   * What kind of problem it is: one of {@link ProblemCode}, or one that an application declares.
   */
  public interface Code {

    /** The HTTP status that goes with it. */
    int status();

    /** The short summary that is the same for every occurrence. */
    String title();

    /** The stable code: {@code no-route}, and so on. */
    String code();

    /** The URN that stands for it. */
    String type();
  }

  /**
   * A kind of problem that an application declares.
   *
   * @param code in lower case with hyphens
   * @param status from 400 to 599
   */
  public record Declared(String code, int status) implements Code {

    @Override
    public String title() {
      return code.substring(0, 1).toUpperCase(Locale.ROOT) + code.substring(1).replace('-', ' ');
    }

    @Override
    public String type() {
      return "urn:app:" + code;
    }
  }

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

  public static Problem of(Code code, String detail) {
    return new Problem(code, detail, List.of());
  }

  /** Everything that can't be accepted of a request's content. */
  public static Problem invalid(List<Violation> violations) {
    return new Problem(ProblemCode.INVALID, told(violations), violations);
  }

  /** A sentence for errors that are told one by one. */
  public static String told(List<Violation> violations) {
    return violations.size() == 1
        ? "One value can't be accepted; see errors."
        : violations.size() + " values can't be accepted; see errors.";
  }

  /** The members of the JSON document, in the order in which a person reads them. */
  public Map<String, Object> members() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("type", code.type());
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
