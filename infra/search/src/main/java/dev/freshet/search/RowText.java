package dev.freshet.search;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A row as PostgreSQL's {@code row_to_json} writes it, made of its values as texts, and back.
 *
 * <p>Values of types that are not known here are strings. Arrays and composites are none to
 * PostgreSQL: whoever reads them asks for JSON in their place.
 */
public final class RowText {

  private static final Pattern NUMBER =
      Pattern.compile("smallint|integer|bigint|real|double precision|numeric(\\(.*\\))?");

  private static final Pattern FINITE = Pattern.compile("-?[\\d.].*");

  private static final Pattern TIME =
      Pattern.compile("(\\d+-\\d\\d-\\d\\d) (\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?)(\\+00)?( BC)?");

  private static final Pattern ISO =
      Pattern.compile("(\\d+-\\d\\d-\\d\\d)T(\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?)(\\+00:00)?( BC)?");

  private RowText() {}

  /**
   * The row's JSON.
   *
   * @param columns their names, in order
   * @param types of the columns, as {@code format_type} has them
   * @param values as PostgreSQL prints them, under a pinned session
   */
  public static String json(
      List<String> columns, List<String> types, List<? extends @Nullable String> values) {
    StringBuilder json = new StringBuilder("{");
    for (int i = 0; i < columns.size(); i++) {
      json.append(i == 0 ? "" : ",").append(Json.string(columns.get(i))).append(':');
      String value = values.get(i);
      json.append(value == null ? "null" : json(types.get(i), value));
    }
    return json.append('}').toString();
  }

  private static String json(String type, String value) {
    if (type.equals("boolean")) {
      return value.equals("t") ? "true" : "false";
    }
    if (type.equals("json") || type.equals("jsonb")) {
      return value;
    }
    if (NUMBER.matcher(type).matches() && FINITE.matcher(value).matches()) {
      return value;
    }
    if (type.startsWith("timestamp")) {
      Matcher time = TIME.matcher(value);
      if (time.matches()) {
        return Json.string(
            time.group(1)
                + "T"
                + time.group(2)
                + (time.group(3) == null ? "" : "+00:00")
                + (time.group(4) == null ? "" : time.group(4)));
      }
    }
    return Json.string(value);
  }

  /**
   * The values that a row was made of.
   *
   * @param columns their names, in order
   * @param types of the columns
   * @param json of the row
   */
  public static List<@Nullable String> values(
      List<String> columns, List<String> types, String json) {
    Map<String, String> members = Json.members(json);
    List<@Nullable String> values = new ArrayList<>(columns.size());
    for (int i = 0; i < columns.size(); i++) {
      values.add(value(types.get(i), members.getOrDefault(columns.get(i), "null")));
    }
    return values;
  }

  private static @Nullable String value(String type, String json) {
    if (type.equals("json") || type.equals("jsonb")) {
      return json.equals("null") ? null : json;
    }
    if (json.equals("null")) {
      return null;
    }
    if (type.equals("boolean")) {
      return json.equals("true") ? "t" : "f";
    }
    if (!json.startsWith("\"")) {
      return json;
    }
    String text = Json.text(json);
    Matcher time = ISO.matcher(text);
    return type.startsWith("timestamp") && time.matches()
        ? time.group(1)
            + " "
            + time.group(2)
            + (time.group(3) == null ? "" : "+00")
            + (time.group(4) == null ? "" : time.group(4))
        : text;
  }
}
