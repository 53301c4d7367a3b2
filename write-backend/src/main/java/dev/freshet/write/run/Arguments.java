package dev.freshet.write.run;

import dev.freshet.protocol.Problem.Violation;
import dev.freshet.write.declaration.BodyForm;
import dev.freshet.write.declaration.Declaration;
import dev.freshet.write.declaration.Input;
import dev.freshet.write.declaration.Names;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The values of one request, as the texts that PostgreSQL reads them from.
 *
 * @param texts by the names that statements call them; null for what is absent
 * @param violations what is wrong with the body; the statements don't run then
 */
public record Arguments(Map<String, @Nullable String> texts, List<Violation> violations) {

  public Arguments {
    texts = new HashMap<>(texts);
    violations = List.copyOf(violations);
  }

  /**
   * The values that a request brings.
   *
   * @param path its path's variables
   * @param query its parameters
   * @param body its body; a missing node where the command takes none
   * @param now when it was taken up
   */
  public static Arguments of(
      Declaration command,
      Map<String, String> path,
      Map<String, String> query,
      JsonNode body,
      Client client,
      Instant now) {
    Map<String, @Nullable String> texts = new HashMap<>();
    BodyForm form = command.body();
    List<Violation> violations = new ArrayList<>();
    if (form != null) {
      violations.addAll(form.violations(body));
    }
    for (Input input : command.inputs().values()) {
      texts.put(
          input.name(),
          switch (input.from()) {
            case PATH -> path.get(input.name());
            case QUERY -> query.get(input.name());
            case BODY ->
                violations.isEmpty()
                    ? text(body.path(input.name()), String.valueOf(input.type()))
                    : null;
          });
    }
    texts.put(Names.BODY, body.isMissingNode() || !violations.isEmpty() ? null : body.toString());
    texts.put(Names.CLAIMS, client.claims());
    texts.put(Names.PRINCIPAL, client.principal());
    texts.put(Names.NOW, now.toString());
    return new Arguments(texts, violations);
  }

  private static @Nullable String text(JsonNode value, String type) {
    return switch (value.getNodeType()) {
      case MISSING, NULL -> null;
      case STRING ->
          type.equals("jsonb") || type.equals("json") ? value.toString() : value.stringValue();
      case NUMBER -> number(value, type);
      case ARRAY -> type.endsWith("[]") ? array(value) : value.toString();
      default -> value.toString();
    };
  }

  /** Whole numbers may be written as 1.0 and 1e2. */
  private static String number(JsonNode value, String type) {
    BigDecimal number = value.decimalValue();
    boolean isWhole = number.stripTrailingZeros().scale() <= 0;
    return isWhole && !type.equals("numeric")
        ? number.toBigInteger().toString()
        : number.toPlainString();
  }

  /** PostgreSQL's own writing of arrays. */
  private static String array(JsonNode value) {
    StringBuilder text = new StringBuilder("{");
    for (JsonNode member : value) {
      text.append(text.length() == 1 ? "" : ",");
      if (member.isArray()) {
        text.append(array(member));
      } else if (member.isNull()) {
        text.append("null");
      } else {
        String written = member.isString() ? member.stringValue() : member.toString();
        text.append('"').append(written.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
      }
    }
    return text.append('}').toString();
  }

  /** A value by its name. */
  @Nullable String text(String name) {
    return texts.get(name);
  }

  /** Takes a row for what statements call by a name with a dot behind it. */
  void row(String name, Map<String, @Nullable String> row) {
    row.forEach((column, value) -> texts.put(name + "." + column, value));
  }
}
