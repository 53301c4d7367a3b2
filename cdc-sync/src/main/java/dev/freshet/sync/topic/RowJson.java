package dev.freshet.sync.topic;

import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SourceTable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Rows as JSON: integers and floating point numbers as numbers, booleans, JSON as it is, times in
 * ISO 8601, and everything else as PostgreSQL's text, {@code numeric} too, which a number would
 * round.
 */
final class RowJson {

  /** What Debezium writes for a large value that the server did not send. */
  static final String UNAVAILABLE = "__debezium_unavailable_value";

  private static final Pattern NUMBER =
      Pattern.compile("smallint|integer|bigint|real|double precision");

  private static final Pattern FINITE = Pattern.compile("-?\\d.*");

  private static final Pattern TIME =
      Pattern.compile(
          "(\\d{4,}-\\d\\d-\\d\\d) (\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?)(?:([+-]\\d\\d)(:\\d\\d)?)?");

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private RowJson() {}

  /** A row, by the names of its columns. */
  static ObjectNode row(List<SourceTable.Column> columns, List<? extends @Nullable String> values) {
    ObjectNode row = JSON.createObjectNode();
    for (int i = 0; i < columns.size(); i++) {
      row.set(columns.get(i).name(), value(columns.get(i).type(), values.get(i)));
    }
    return row;
  }

  /** A key alone. */
  static ObjectNode key(SourceTable table, List<String> values) {
    ObjectNode key = JSON.createObjectNode();
    for (int i = 0; i < values.size(); i++) {
      String name = table.key().get(i);
      key.set(name, value(table.column(name).orElseThrow().type(), values.get(i)));
    }
    return key;
  }

  private static JsonNode value(String type, @Nullable String value) {
    if (value == null) {
      return JSON.nullNode();
    }
    if (RowChange.isUnchanged(value)) {
      return JSON.stringNode(UNAVAILABLE);
    }
    if (type.equals("boolean")) {
      return JSON.booleanNode(value.equals("t") || value.equals("true"));
    }
    if (type.equals("json")
        || type.equals("jsonb")
        || (NUMBER.matcher(type).matches() && FINITE.matcher(value).matches())) {
      try {
        return JSON.readTree(value);
      } catch (JacksonException e) {
        return JSON.stringNode(value); // deeper than anybody reads
      }
    }
    return JSON.stringNode(type.startsWith("timestamp") ? iso(value) : value);
  }

  /** What lies before Christ, or at no end of time, stays as PostgreSQL has it. */
  private static String iso(String text) {
    Matcher time = TIME.matcher(text);
    if (!time.matches()) {
      return text;
    }
    String offset = time.group(3);
    return time.group(1)
        + "T"
        + time.group(2)
        + (offset == null ? "" : offset + (time.group(4) == null ? ":00" : time.group(4)));
  }

  /** The JSON Schema of a row, draft 2020-12. */
  static ObjectNode schema(SourceTable table) {
    ObjectNode schema = JSON.createObjectNode();
    schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.put("title", table.name().toString());
    schema.put("type", "object");
    ObjectNode properties = schema.putObject("properties");
    table.storedColumns().forEach(column -> properties.set(column.name(), schema(column.type())));
    var key = schema.putArray("key");
    table.key().forEach(key::add);
    return schema;
  }

  private static ObjectNode schema(String type) {
    ObjectNode schema = JSON.createObjectNode();
    Map<String, String> simple = new LinkedHashMap<>();
    simple.put("smallint|integer|bigint", "integer");
    simple.put("real|double precision", "number");
    simple.put("boolean", "boolean");
    for (Map.Entry<String, String> one : simple.entrySet()) {
      if (type.matches(one.getKey())) {
        schema.putArray("type").add(one.getValue()).add("null");
      }
    }
    if (schema.isEmpty() && !type.matches("jsonb?")) {
      schema.putArray("type").add("string").add("null");
    }
    if (type.startsWith("timestamp") && type.contains("with time zone")) {
      schema.put("format", "date-time");
    }
    schema.put("description", type);
    return schema;
  }

  /** A position as headers carry it, and everything else. */
  static byte[] bytes(JsonNode json) {
    return JSON.writeValueAsBytes(json);
  }

  static ObjectNode object() {
    return JSON.createObjectNode();
  }
}
