package dev.freshet.search;

import dev.freshet.postgres.TextSearch;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The document of a row: {@code {"row": …, "f": {…}, "u": […], "t": {…}}}. The row is JSON as
 * PostgreSQL writes it, byte for byte; beside it stand fields to find it by, named by the place of
 * their column, the columns whose value has no place in the index, and the texts that are searched.
 */
public final class RowDocument {

  /** The row itself: an object, or a string that holds one where OpenSearch might not read it. */
  public static final String ROW = "row";

  /** Fields by which rows are found and sorted. */
  public static final String FIELDS = "f";

  /** Names of columns whose value in this row is not among the fields. */
  public static final String UNFIT = "u";

  /** Texts by which rows are searched. */
  public static final String TEXTS = "t";

  /** All of them. */
  public static final String ALL = "all";

  /** Which batch an index is of; in the one document that is no row's. */
  public static final String BATCH = "batch";

  /** OpenSearch's longest ID, in bytes of UTF-8. */
  public static final int LONGEST_ID = 512;

  private final ModelIndex index;
  private final List<String> columns;
  private final List<String> types;

  /** Documents of an index. */
  public RowDocument(ModelIndex index) {
    this.index = index;
    this.columns = List.copyOf(index.columns().keySet());
    this.types = List.copyOf(index.columns().values());
  }

  /** What a column's field is called: names of columns could hold dots. */
  public static String field(int place) {
    return "c" + place;
  }

  /**
   * A row's ID: its key as a JSON array of texts, or {@code #} and the SHA-256 of one that is too
   * long.
   */
  public static String id(List<? extends @Nullable String> key) {
    String id = Json.texts(key);
    byte[] bytes = id.getBytes(StandardCharsets.UTF_8);
    if (bytes.length <= LONGEST_ID) {
      return id;
    }
    try {
      return "#" + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JVM has it
    }
  }

  /**
   * The document, in one line.
   *
   * @param values of the columns, as PostgreSQL prints them
   */
  public String of(List<? extends @Nullable String> values) {
    return of(values, index.hasForeignJson());
  }

  /**
   * The row's JSON in a document.
   *
   * @param document its members, each as it stands there
   */
  public static String row(Map<String, String> document) {
    String row = String.valueOf(document.get(ROW));
    return row.startsWith("\"") ? Json.text(row) : row;
  }

  /** The same where OpenSearch could not read the row as JSON. */
  public String asText(List<? extends @Nullable String> values) {
    return of(values, true);
  }

  private String of(List<? extends @Nullable String> values, boolean asText) {
    String row = RowText.json(columns, types, values);
    StringBuilder json = new StringBuilder(row.length() * 2).append("{\"row\":");
    json.append(asText ? Json.string(row) : row).append(",\"f\":{");
    List<String> unfit = new ArrayList<>();
    String comma = "";
    for (int i = 0; i < columns.size(); i++) {
      String value = values.get(i);
      IndexedType type = IndexedType.of(types.get(i)).orElse(null);
      if (value == null || type == null) {
        continue;
      }
      String indexed = type.ofStored(value).orElse(null);
      if (indexed == null) {
        unfit.add(Json.string(columns.get(i)));
        continue;
      }
      json.append(comma).append('"').append(field(i)).append("\":").append(indexed);
      comma = ",";
    }
    json.append('}');
    if (!unfit.isEmpty()) {
      json.append(",\"u\":[").append(String.join(",", unfit)).append(']');
    }
    if (index.search() != null) {
      appendTexts(json, index.search().text(), values);
    }
    return json.append('}').toString();
  }

  private void appendTexts(
      StringBuilder json, List<String> searched, List<? extends @Nullable String> values) {
    List<String> all = new ArrayList<>();
    StringBuilder each = new StringBuilder();
    for (int i = 0; i < searched.size(); i++) {
      List<String> texts = texts(searched.get(i), values).map(Json::string).toList();
      all.addAll(texts);
      if (columns.contains(searched.get(i)) && !texts.isEmpty()) {
        each.append(",\"%s\":[%s]".formatted(field(i), String.join(",", texts)));
      }
    }
    json.append(",\"t\":{\"all\":[").append(String.join(",", all)).append(']');
    json.append(each).append('}');
  }

  private Stream<String> texts(String searched, List<? extends @Nullable String> values) {
    TextSearch.Part part = TextSearch.Part.of(searched, columns);
    int place = columns.indexOf(part.column());
    String value = values.get(place);
    if (value == null) {
      return Stream.of();
    }
    return types.get(place).startsWith("json") ? within(value, part.members()) : Stream.of(value);
  }

  /**
   * The texts in JSON behind these members, in arrays, too, as PostgreSQL's lax mode finds them.
   */
  private static Stream<String> within(String json, List<String> members) {
    String value = json.strip();
    return switch (value.charAt(0)) {
      case '"' -> members.isEmpty() ? Stream.of(Json.text(value)) : Stream.of();
      case '[' -> Json.elements(value).stream().flatMap(element -> within(element, members));
      case '{' -> {
        Map<String, String> all = Json.members(value);
        if (members.isEmpty()) {
          yield all.values().stream().flatMap(member -> within(member, members));
        }
        String member = all.get(members.getFirst());
        yield member == null ? Stream.of() : within(member, members.subList(1, members.size()));
      }
      default -> Stream.of();
    };
  }
}
