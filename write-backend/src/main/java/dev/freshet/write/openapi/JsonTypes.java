package dev.freshet.write.openapi;

import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** How PostgreSQL's JSON has values of a type. */
final class JsonTypes {

  private static final JsonMapper JSON = new JsonMapper();

  private static final List<String> TEXT = List.of("string", "");

  /** Type and format, by PostgreSQL's internal names and by those that people write. */
  private static final Map<String, List<String>> BY_TYPE =
      Map.ofEntries(
          Map.entry("int2", List.of("integer", "int32")),
          Map.entry("smallint", List.of("integer", "int32")),
          Map.entry("int4", List.of("integer", "int32")),
          Map.entry("int", List.of("integer", "int32")),
          Map.entry("integer", List.of("integer", "int32")),
          Map.entry("int8", List.of("integer", "int64")),
          Map.entry("bigint", List.of("integer", "int64")),
          Map.entry("numeric", List.of("number", "")),
          Map.entry("float4", List.of("number", "float")),
          Map.entry("float8", List.of("number", "double")),
          Map.entry("bool", List.of("boolean", "")),
          Map.entry("boolean", List.of("boolean", "")),
          Map.entry("uuid", List.of("string", "uuid")),
          Map.entry("date", List.of("string", "date")),
          Map.entry("timestamptz", List.of("string", "date-time")),
          Map.entry("json", List.of("", "")),
          Map.entry("jsonb", List.of("", "")));

  private JsonTypes() {}

  /**
   * A schema of a type's values.
   *
   * @param type PostgreSQL's name, with its modifiers or without
   */
  static ObjectNode of(String type, boolean mayBeNull) {
    ObjectNode schema = JSON.createObjectNode();
    boolean isArray = type.startsWith("_") || type.endsWith("[]");
    List<String> found = BY_TYPE.getOrDefault(type.replaceFirst("\\(.*\\)", ""), TEXT);
    String name = isArray ? "array" : found.getFirst();
    if (!name.isEmpty()) {
      if (mayBeNull) {
        schema.putArray("type").add(name).add("null");
      } else {
        schema.put("type", name);
      }
    }
    if (isArray) {
      schema.set("items", of(type.replaceFirst("^_", "").replaceFirst("\\[]$", ""), true));
    } else if (!found.getLast().isEmpty()) {
      schema.put("format", found.getLast());
    }
    return schema;
  }
}
