package dev.freshet.write.declaration;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.freshet.file.FileForm;
import dev.freshet.file.Findings;
import dev.freshet.file.Nearest;
import dev.freshet.file.Yaml;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads the JSON Schema of a body that a header has as YAML. */
final class BodySchema {

  /** Keywords whose value is a schema, a list of them, or schemas by name. */
  private static final Set<String> ONE =
      Set.of(
          "not",
          "if",
          "then",
          "else",
          "items",
          "contains",
          "additionalProperties",
          "propertyNames",
          "unevaluatedItems",
          "unevaluatedProperties",
          "contentSchema");

  private static final Set<String> LIST = Set.of("allOf", "anyOf", "oneOf", "prefixItems");
  private static final Set<String> BY_NAME =
      Set.of("properties", "patternProperties", "dependentSchemas", "$defs");

  private static final Set<String> OTHERS =
      Set.of(
          "$schema",
          "$id",
          "$ref",
          "$anchor",
          "$comment",
          "title",
          "description",
          "default",
          "deprecated",
          "readOnly",
          "writeOnly",
          "examples",
          "type",
          "enum",
          "const",
          "multipleOf",
          "maximum",
          "exclusiveMaximum",
          "minimum",
          "exclusiveMinimum",
          "maxLength",
          "minLength",
          "pattern",
          "maxItems",
          "minItems",
          "uniqueItems",
          "maxContains",
          "minContains",
          "maxProperties",
          "minProperties",
          "required",
          "dependentRequired",
          "format",
          "contentEncoding",
          "contentMediaType");

  private static final Set<String> KEYWORDS =
      Stream.of(ONE, LIST, BY_NAME, OTHERS)
          .flatMap(Set::stream)
          .collect(Collectors.toCollection(TreeSet::new));

  /** Keywords that may add properties to those of an object. */
  private static final List<String> ADDING =
      List.of("allOf", "anyOf", "oneOf", "if", "$ref", "dependentSchemas", "patternProperties");

  private static final List<String> CLOSING =
      List.of("additionalProperties", "unevaluatedProperties");

  private static final Schema OF_SCHEMAS =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(SchemaLocation.of(SpecificationVersion.DRAFT_2020_12.getDialectId()));

  private final Findings findings;

  private BodySchema(Findings findings) {
    this.findings = findings;
  }

  /** Reads one; what is wrong with it is among the findings. */
  static BodyForm read(Yaml yaml, Findings findings) {
    BodySchema reader = new BodySchema(findings);
    int before = findings.count();
    reader.checkKeywords(yaml);
    ObjectNode document = (ObjectNode) FileForm.json(yaml);
    if (findings.count() == before) {
      for (Error error : OF_SCHEMAS.validate(document)) {
        Yaml at = FileForm.at(yaml, error.getInstanceLocation());
        findings.add(
            at.at(), "this is no JSON Schema: " + error.getMessage().replaceFirst("^\\S*: ", ""));
      }
    }
    if (findings.count() > before) {
      return new BodyForm(document.objectNode(), Map.of());
    }
    if (!document.has("type")) {
      document.put("type", "object");
    }
    if (document.path("type").asString("").equals("object")) {
      closeIt(document);
    }
    closeWithin(document);
    Map<String, @Nullable String> types = new LinkedHashMap<>();
    document
        .path("properties")
        .properties()
        .forEach(member -> types.put(member.getKey(), type(member.getValue(), document, 0)));
    return new BodyForm(document, types);
  }

  /** JSON Schema lets any word stand; here one that means nothing is a slip. */
  private void checkKeywords(Yaml schema) {
    if (!(schema instanceof Yaml.Mapping mapping)) {
      return;
    }
    mapping
        .entries()
        .forEach(
            (key, entry) -> {
              if (!KEYWORDS.contains(key)) {
                findings.add(
                    entry.keyAt(),
                    "'%s' is no keyword of JSON Schema%s".formatted(key, nearest(key)));
              }
              Yaml value = entry.value();
              if (ONE.contains(key)) {
                checkKeywords(value);
              } else if (LIST.contains(key) && value instanceof Yaml.Sequence list) {
                list.members().forEach(this::checkKeywords);
              } else if (BY_NAME.contains(key) && value instanceof Yaml.Mapping named) {
                named.entries().values().forEach(one -> checkKeywords(one.value()));
              } else if (key.equals("$ref")) {
                checkReference(value);
              } else if (key.equals("pattern") && value instanceof Yaml.Scalar pattern) {
                checkPattern(pattern);
              }
            });
  }

  private static String nearest(String key) {
    String found = Nearest.of(key, KEYWORDS);
    return found.startsWith("; did") ? found : "";
  }

  private void checkReference(Yaml value) {
    if (value instanceof Yaml.Scalar reference && !reference.written().startsWith("#")) {
      findings.add(reference.at(), "a $ref names something within this schema, as in #/$defs/item");
    }
  }

  private void checkPattern(Yaml.Scalar pattern) {
    try {
      Pattern.compile(pattern.written());
    } catch (PatternSyntaxException e) {
      findings.add(pattern.at(), "this is no regular expression: " + e.getDescription());
    }
  }

  /** Objects of known members that don't say whether they take others take none. */
  private static void closeWithin(ObjectNode schema) {
    schema.path("properties").properties().forEach(member -> close(member.getValue()));
    close(schema.path("items"));
    schema.path("prefixItems").forEach(BodySchema::close);
  }

  private static void close(JsonNode schema) {
    if (schema instanceof ObjectNode object) {
      if (object.has("properties")) {
        closeIt(object);
      }
      closeWithin(object);
    }
  }

  private static void closeIt(ObjectNode object) {
    if (CLOSING.stream().noneMatch(object::has)) {
      object.put(
          ADDING.stream().anyMatch(object::has) ? "unevaluatedProperties" : "additionalProperties",
          false);
    }
  }

  private static @Nullable String type(JsonNode schema, JsonNode document, int depth) {
    if (schema.has("$ref") && depth < 10) {
      String pointer = schema.path("$ref").asString("").substring(1);
      return type(document.at(pointer), document, depth + 1);
    }
    Set<String> types = new TreeSet<>();
    if (schema.path("type").isArray()) {
      schema.path("type").forEach(type -> types.add(type.asString()));
    } else if (schema.has("type")) {
      types.add(schema.path("type").asString());
    } else if (schema.has("const")) {
      types.add(typeOf(schema.path("const")));
    } else if (schema.has("enum")) {
      StreamSupport.stream(schema.path("enum").spliterator(), false)
          .map(BodySchema::typeOf)
          .forEach(types::add);
    }
    types.remove("null");
    if (types.contains("number")) {
      types.remove("integer");
    }
    return types.size() == 1
        ? switch (types.iterator().next()) {
          case "string" -> null;
          case "integer" -> "bigint";
          case "number" -> "numeric";
          case "boolean" -> "boolean";
          default -> "jsonb";
        }
        : "jsonb";
  }

  private static String typeOf(JsonNode value) {
    return switch (value.getNodeType()) {
      case STRING -> "string";
      case BOOLEAN -> "boolean";
      case NUMBER -> value.isIntegralNumber() ? "integer" : "number";
      case NULL -> "null";
      case ARRAY -> "array";
      default -> "object";
    };
  }
}
