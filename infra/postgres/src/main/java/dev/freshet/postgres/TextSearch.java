package dev.freshet.postgres;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which texts of a model are searched as one document, as its header's {@code search} says.
 *
 * <p>The table in a read database stores the document's words in {@link #COLUMN}; a view computes
 * them. Both by {@link #vector}, so that every copy finds the same rows.
 *
 * @param text columns, or {@code COLUMN.MEMBER} for what stands in members of a column's JSON, in
 *     arrays, too; never empty
 * @param language whose rules apply: the name of a text search configuration
 */
public record TextSearch(List<String> text, String language) {

  /** The column of a read database's table; nobody's columns are called so. */
  public static final String COLUMN = "freshet: search";

  /** What a query calls the document. */
  public static final String FIELD = "search";

  /** What a query calls how well a row matches. */
  public static final String RANK = "rank";

  /** A configuration's name; those of PostgreSQL itself are meant, and those in {@code public}. */
  public static final Pattern LANGUAGE = Pattern.compile("\\w{1,63}");

  private static final Pattern TEXTUAL =
      Pattern.compile("text|name|character( varying)?(\\(\\d+\\))?|(.*\\.)?citext");

  private static final Set<String> JSON = Set.of("json", "jsonb");

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException when there is no text, or the language's name is none
   */
  public TextSearch {
    text = List.copyOf(text);
    if (text.isEmpty() || text.stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException("text names the columns to search, as in text: [name]");
    }
    if (!LANGUAGE.matcher(language).matches()) {
      throw new IllegalArgumentException(
          "'%s' is not the name of a text search configuration, as english is".formatted(language));
    }
  }

  /** One of the texts: a column, and the members that lead to its texts. */
  public record Part(String column, List<String> members) {

    /**
     * Takes a text apart.
     *
     * @throws IllegalArgumentException when there is no such column
     */
    public static Part of(String text, Collection<String> columns) {
      if (columns.contains(text)) {
        return new Part(text, List.of());
      }
      String column =
          columns.stream()
              .filter(each -> text.startsWith(each + "."))
              .max((one, other) -> Integer.compare(one.length(), other.length()))
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "search names %s, and there is no such column; there are %s"
                              .formatted(text, String.join(", ", columns))));
      return new Part(column, List.of(text.substring(column.length() + 1).split("\\.", -1)));
    }
  }

  /**
   * The columns that the document is made of.
   *
   * @param columns that there are
   * @throws IllegalArgumentException when it names one that is not there
   */
  public Set<String> columns(Collection<String> columns) {
    return text.stream()
        .map(each -> Part.of(each, columns).column())
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** Whether a column is searched by itself, and not only members of it. */
  public boolean hasColumn(String column) {
    return text.contains(column);
  }

  /**
   * The document's words: an SQL expression of type {@code tsvector}, never null.
   *
   * @param alias of the row, with its dot; empty where a column needs none
   * @param types of its columns by name, as {@code format_type} has them
   * @throws IllegalArgumentException when it names what is not there, or holds no text
   */
  public String vector(String alias, Map<String, String> types) {
    List<String> vectors = new ArrayList<>();
    for (String each : text) {
      Part part = Part.of(each, types.keySet());
      vectors.add(
          vector(
              alias + quoted(part.column()),
              String.valueOf(types.get(part.column())),
              part.members()));
    }
    return vectors.stream()
        .map("coalesce(%s, ''::tsvector)"::formatted)
        .collect(Collectors.joining(" || ", "(", ")"));
  }

  /**
   * The words of one column by itself, the same way; null where it is.
   *
   * @param alias of the row, with its dot; empty where a column needs none
   * @param type as {@code format_type} has it
   */
  public String vectorOf(String alias, String column, String type) {
    return vector(alias + quoted(column), type, List.of());
  }

  private String vector(String column, String type, List<String> members) {
    if (!members.isEmpty()) {
      if (!JSON.contains(type)) {
        throw new IllegalArgumentException(
            "search names %s within %s, which is no JSON but %s"
                .formatted(String.join(".", members), column, type));
      }
      String path =
          members.stream()
              .map(member -> ".\"" + member.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
              .collect(Collectors.joining());
      return "to_tsvector(%s, jsonb_path_query_array(%s::jsonb, %s))"
          .formatted(configuration(), column, literal("lax $" + path));
    }
    if (JSON.contains(type)) {
      return "to_tsvector(%s, %s)".formatted(configuration(), column);
    }
    if (!TEXTUAL.matcher(type).matches()) {
      throw new IllegalArgumentException(
          "search names %s, which is no text or JSON but %s; cast it in the SELECT"
              .formatted(column, type));
    }
    return "to_tsvector(%s, %s::text)".formatted(configuration(), column);
  }

  /** The language as SQL has it. */
  public String configuration() {
    return configuration(language);
  }

  /** A language as SQL has it; its name was checked by {@link #LANGUAGE}. */
  public static String configuration(String language) {
    return literal(language) + "::regconfig";
  }

  private static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  private static String quoted(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }
}
