package dev.freshet.read.query;

import dev.freshet.protocol.PostgrestError;
import dev.freshet.protocol.ProblemCode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the words of PostgREST's grammar from left to right. In double quotes any character is one
 * of the word, and a backslash makes the next one so: {@code "a.b"}, {@code "say \"hi\""}.
 */
final class QueryText {

  private static final String ARROW = "->";
  private static final Pattern PLACE = Pattern.compile("-?\\d{1,9}");
  private static final Pattern ESCAPED = Pattern.compile("\\\\(.)");

  /** What the text is, in PostgREST's words. */
  private final String kind;

  /** What stands before the text where a refusal shows it: {@code order=}. */
  private final String before;

  private final String text;
  private int at;

  private QueryText(String kind, String before, String text) {
    this.kind = kind;
    this.before = before;
    this.text = text;
  }

  /** The value of a parameter. */
  static QueryText ofParameter(String name, String value) {
    String kind =
        switch (name) {
          case "select" -> "select parameter";
          case "order" -> "order";
          case "and", "or", "not.and", "not.or" -> "logic tree";
          default -> "filter";
        };
    return new QueryText(kind, name + "=", value);
  }

  /** A parameter's name. */
  static QueryText ofName(String name) {
    return new QueryText("filter", "", name);
  }

  /** How far it has been read. */
  int place() {
    return at;
  }

  /** What can't be read, with the place that was got to. */
  Refusal refusal(ProblemCode code, String detail) {
    return refusalAt(at, code, detail);
  }

  /** What can't be read from an earlier place on. */
  Refusal refusalAt(int place, ProblemCode code, String detail) {
    return refusal(
        place,
        code,
        detail,
        new PostgrestError(
            400,
            "PGRST100",
            "\"failed to parse %s (%s)\" (line 1, column %d)".formatted(kind, text, place + 1),
            detail,
            null));
  }

  /** What can be read, and is not answered. */
  Refusal unanswered(ProblemCode code, String detail, PostgrestError error) {
    return refusal(at, code, detail, error);
  }

  private Refusal refusal(int place, ProblemCode code, String detail, PostgrestError error) {
    return new Refusal(
        code,
        "%s%s, at character %d: %s".formatted(before, text, before.length() + place + 1, detail),
        error);
  }

  boolean isAtEnd() {
    return at == text.length();
  }

  boolean isAt(String expected) {
    return text.startsWith(expected, at);
  }

  /** Passes over a text, if it is the next one. */
  boolean skip(String expected) {
    boolean isNext = isAt(expected);
    at += isNext ? expected.length() : 0;
    return isNext;
  }

  /**
   * Passes over a text.
   *
   * @throws Refusal when it is not the next one
   */
  void require(String expected, String hint) {
    if (!skip(expected)) {
      throw refusal(
          ProblemCode.BAD_VALUE,
          "'%s' is expected here%s. %s"
              .formatted(expected, isAtEnd() ? "" : ", not '" + rest() + "'", hint));
    }
  }

  void skipSpaces() {
    while (isAt(" ")) {
      at++;
    }
  }

  /** What has not been read. */
  private String rest() {
    return text.substring(at);
  }

  /** All that is left. */
  String toEnd() {
    String rest = rest();
    at = text.length();
    return rest;
  }

  /**
   * A column, and the path that leads on from it: {@code data->items->0->>name}.
   *
   * @param delimiters after which something else follows
   */
  Field field(String delimiters) {
    String column = word(delimiters, true);
    List<Field.Step> path = new ArrayList<>();
    while (isAt(ARROW)) {
      boolean isText = skip(ARROW + ">");
      if (!isText) {
        skip(ARROW);
      }
      boolean isQuoted = isAt("\"");
      String key = word(delimiters, true);
      if (key.isEmpty()) {
        throw refusal(ProblemCode.BAD_VALUE, "a key or a place has to follow '->'.");
      }
      path.add(new Field.Step(key, !isQuoted && PLACE.matcher(key).matches(), isText));
      if (isText && isAt(ARROW)) {
        throw refusal(ProblemCode.BAD_VALUE, "'->>' gives text, from which no path leads on.");
      }
    }
    return new Field(column, path);
  }

  /**
   * The word up to one of these delimiters or the end, without spaces around it, and without its
   * quotes.
   */
  String upTo(String delimiters) {
    return word(delimiters, false);
  }

  private String word(String delimiters, boolean endsAtArrow) {
    skipSpaces();
    if (!isAt("\"") || closingQuote(at) < 0) {
      return bare(delimiters, endsAtArrow).strip();
    }
    String word = quoted();
    skipSpaces();
    if (!isAtEnd() && delimiters.indexOf(text.charAt(at)) < 0 && !(endsAtArrow && isAt(ARROW))) {
      throw refusal(
          ProblemCode.BAD_VALUE,
          "'%s' follows a closing quote; a quote in a name is written \\\".".formatted(rest()));
    }
    return word;
  }

  private String bare(String delimiters, boolean endsAtArrow) {
    int from = at;
    while (!isAtEnd() && delimiters.indexOf(text.charAt(at)) < 0 && !(endsAtArrow && isAt(ARROW))) {
      at++;
    }
    return text.substring(from, at);
  }

  /** Where the quote that opens at {@code from} ends; -1 when it does not. */
  private int closingQuote(int from) {
    for (int i = from + 1; i < text.length(); i++) {
      switch (text.charAt(i)) {
        case '\\' -> i++;
        case '"' -> {
          return i;
        }
        default -> {
          // One of the word.
        }
      }
    }
    return -1;
  }

  private String quoted() {
    int end = closingQuote(at);
    if (end < 0) {
      throw refusal(ProblemCode.BAD_VALUE, "a quote is not closed.");
    }
    StringBuilder word = new StringBuilder();
    for (int i = at + 1; i < end; i++) {
      if (text.charAt(i) == '\\') {
        i++;
      }
      word.append(text.charAt(i));
    }
    at = end + 1;
    return word.toString();
  }

  /**
   * One value among others: in quotes, in braces, which belong to it, or up to one of these
   * delimiters.
   */
  String value(String delimiters) {
    String quoted = wholeQuoted(delimiters);
    if (quoted != null) {
      return quoted;
    }
    return isAt("{") ? braced() : bare(delimiters, false);
  }

  /** What is in quotes up to a delimiter; null when there is more, or no quote. */
  private @Nullable String wholeQuoted(String delimiters) {
    if (!isAt("\"")) {
      return null;
    }
    int end = closingQuote(at);
    boolean isWhole =
        end == text.length() - 1 || (end >= 0 && delimiters.indexOf(text.charAt(end + 1)) >= 0);
    return isWhole || end < 0 ? quoted() : null;
  }

  private String braced() {
    int from = at;
    int open = 0;
    while (!isAtEnd()) {
      char c = text.charAt(at);
      if (c == '"') {
        int end = closingQuote(at);
        at = end < 0 ? text.length() : end + 1;
        continue;
      }
      at++;
      open += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (open == 0) {
        return text.substring(from, at);
      }
    }
    at = from;
    throw refusal(ProblemCode.BAD_VALUE, "a brace is not closed.");
  }

  /** The members of a list, {@code (a,b,"c,d")}; those not wholly in quotes are as they stand. */
  List<String> members(String hint) {
    return members("(", ")", hint, member -> member);
  }

  /** The elements of an array, {@code {a, "b c"}}, as PostgreSQL reads them. */
  List<String> elements(String hint) {
    return members("{", "}", hint, element -> ESCAPED.matcher(element.strip()).replaceAll("$1"));
  }

  private List<String> members(
      String open, String close, String hint, UnaryOperator<String> ofBare) {
    require(open, hint);
    List<String> members = new ArrayList<>();
    if (skip(close)) {
      return members;
    }
    do {
      String quoted = wholeQuoted("," + close);
      members.add(quoted == null ? ofBare.apply(bare("," + close, false)) : quoted);
    } while (skip(","));
    require(close, hint);
    return members;
  }
}
