package dev.freshet.read.openapi;

import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * How PostgreSQL's JSON has values of a type.
 *
 * @param type as JSON Schema has it; null for any
 * @param format JSON Schema's or OpenAPI's, or null
 * @param example a value, as JSON
 * @param filter a filter on such a column
 */
record ColumnSchema(Optional<String> type, Optional<String> format, String example, String filter) {

  private static final JsonMapper JSON = new JsonMapper();

  private static final ColumnSchema TEXT = of("string", "", "\"text\"", "eq.text");

  /** By the name that PostgreSQL prints, without its modifiers. */
  private static final Map<String, ColumnSchema> BY_TYPE =
      Map.ofEntries(
          Map.entry("smallint", of("integer", "int32", "7", "gte.7")),
          Map.entry("integer", of("integer", "int32", "7", "gte.7")),
          Map.entry("bigint", of("integer", "int64", "7", "gte.7")),
          Map.entry("numeric", of("number", "", "9.5", "lt.9.5")),
          Map.entry("real", of("number", "float", "9.5", "lt.9.5")),
          Map.entry("double precision", of("number", "double", "9.5", "lt.9.5")),
          Map.entry("boolean", of("boolean", "", "true", "is.true")),
          Map.entry("date", of("string", "date", "\"2026-11-29\"", "gte.2026-11-29")),
          Map.entry(
              "timestamp with time zone",
              of(
                  "string",
                  "date-time",
                  "\"2026-11-29T12:00:00+00:00\"",
                  "gte.2026-11-29T12:00:00Z")),
          Map.entry(
              "timestamp without time zone",
              of("string", "", "\"2026-11-29T12:00:00\"", "gte.2026-11-29T12:00:00")),
          Map.entry(
              "uuid",
              of(
                  "string",
                  "uuid",
                  "\"0b9ac0f5-6ad1-4b1e-9a54-1c1a0a3c2b11\"",
                  "eq.0b9ac0f5-6ad1-4b1e-9a54-1c1a0a3c2b11")),
          Map.entry("json", of("", "", "{\"name\":\"value\"}", "not.is.null")),
          Map.entry("jsonb", of("", "", "{\"name\":\"value\"}", "cs.{\"name\":\"value\"}")));

  private static ColumnSchema of(String type, String format, String example, String filter) {
    return new ColumnSchema(
        Optional.of(type).filter(text -> !text.isEmpty()),
        Optional.of(format).filter(text -> !text.isEmpty()),
        example,
        filter);
  }

  /**
   * Of a type.
   *
   * @param type as PostgreSQL prints it, such as {@code numeric(10,2)}
   */
  static ColumnSchema of(String type) {
    return BY_TYPE.getOrDefault(type.replaceFirst("\\(.*?\\)", ""), TEXT);
  }

  /** The schema of a column. */
  static ObjectNode of(String type, boolean mayBeNull) {
    ObjectNode schema = JSON.createObjectNode();
    if (type.endsWith("[]")) {
      types(schema, "array", mayBeNull);
      schema.set("items", of(type.substring(0, type.length() - 2), true));
      return schema.put("description", type);
    }
    ColumnSchema column = of(type);
    column.type().ifPresent(name -> types(schema, name, mayBeNull));
    column.format().ifPresent(format -> schema.put("format", format));
    schema.put("description", type);
    schema.putArray("examples").add(JSON.readTree(column.example()));
    return schema;
  }

  private static void types(ObjectNode schema, String type, boolean mayBeNull) {
    if (mayBeNull) {
      schema.putArray("type").add(type).add("null");
    } else {
      schema.put("type", type);
    }
  }
}
