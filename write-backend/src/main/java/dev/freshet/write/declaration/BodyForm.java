package dev.freshet.write.declaration;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.freshet.protocol.Problem.Violation;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The form of a command's body: a JSON Schema, and the types that its members have as values. */
public final class BodyForm {

  private static final SchemaRegistry REGISTRY =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

  /** PostgreSQL would write a numeric with so many digits out. */
  private static final int MOST_DIGITS = 1_000;

  private final JsonNode document;
  private final Schema schema;
  private final Map<String, @Nullable String> types;

  /**
   * Takes a form.
   *
   * @param document a JSON Schema that has been checked
   * @param types of the members at its top, as PostgreSQL names them; null where it is to infer
   *     them
   */
  BodyForm(JsonNode document, Map<String, @Nullable String> types) {
    this.document = document;
    this.schema = REGISTRY.getSchema(document);
    this.types = new LinkedHashMap<>(types);
  }

  /** The JSON Schema. */
  public JsonNode document() {
    return document;
  }

  Map<String, @Nullable String> types() {
    return types;
  }

  /** Every violation, by pointer; empty when the body has the right form. */
  public List<Violation> violations(JsonNode body) {
    List<Violation> violations = new ArrayList<>();
    addBeyond(body, "", violations);
    if (violations.isEmpty()) { // what is beyond could keep the validator busy
      schema.validate(body).stream().map(BodyForm::violation).distinct().forEach(violations::add);
    }
    violations.sort(Comparator.comparing(Violation::pointer));
    return violations;
  }

  /** Numbers that are none for PostgreSQL's {@code bigint} and {@code numeric}. */
  private void addBeyond(JsonNode value, String at, List<Violation> violations) {
    if (value.isObject()) {
      value.properties().forEach(e -> addBeyond(e.getValue(), child(at, e.getKey()), violations));
    } else if (value.isArray()) {
      for (int i = 0; i < value.size(); i++) {
        addBeyond(value.get(i), at + "/" + i, violations);
      }
    } else if (value.isNumber()) {
      BigDecimal number = value.decimalValue();
      if (Math.abs((long) number.scale()) + number.precision() > MOST_DIGITS) {
        violations.add(
            new Violation(
                at, "has more than %d digits when it is written out".formatted(MOST_DIGITS)));
      } else if (at.lastIndexOf('/') == 0
          && "bigint".equals(types.get(name(at)))
          && number.stripTrailingZeros().scale() <= 0
          && number.toBigInteger().bitLength() > 63) {
        violations.add(new Violation(at, "is beyond the whole numbers that can be stored"));
      }
    }
  }

  private static String name(String pointer) {
    return pointer.substring(1).replace("~1", "/").replace("~0", "~");
  }

  private static Violation violation(Error error) {
    String at = error.getInstanceLocation().toString();
    String property = error.getProperty();
    return switch (error.getKeyword()) {
      case "additionalProperties", "unevaluatedProperties" ->
          new Violation(
              property == null ? at : child(at, property), "is not a field of this command");
      case "required" -> new Violation(child(at, property), "is required");
      case "false" -> new Violation(at, "does not belong here");
      case "multipleOf" -> new Violation(at, "must be a multiple of " + error.getArguments()[0]);
      case null -> new Violation(at, error.getMessage());
      default -> new Violation(at, error.getMessage().replaceFirst("^" + at + ": ", ""));
    };
  }

  /** The JSON Pointer (RFC 6901) to a member. */
  public static String child(String pointer, String property) {
    return pointer + "/" + property.replace("~", "~0").replace("/", "~1");
  }
}
