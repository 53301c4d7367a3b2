package dev.freshet.read.query;

import dev.freshet.protocol.ProblemCode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Reads the words of PostgREST's grammar from left to right. In double quotes any character is one
 * of the word, and a backslash makes the next one so: {@code "a.b"}, {@code "say \"hi\""}.
 */
final class QueryText {

  private static final String ARROW = "->";
  private static final Pattern PLACE = Pattern.compile("-?\\d{1,9}");

  private final String where;
  private final String text;
  private int at;

  /**
   * Prepares to read.
   *
   * @param where names the text in a refusal: {@code order}
   */
  QueryText(String where, String text) {
    this.where = where;
    this.text = text;
  }

  /** What can't be read, with the place that was got to. */
  Refusal refusal(ProblemCode code, String detail) {
    return new Refusal(code, "%s, at character %d: %s".formatted(where, at + 1, detail));
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
    if (isAt("\"")) {
      int end = closingQuote(at);
      boolean isWhole =
          end == text.length() - 1 || (end >= 0 && delimiters.indexOf(text.charAt(end + 1)) >= 0);
      if (isWhole || end < 0) {
        return quoted();
      }
    }
    if (isAt("{")) {
      return braced();
    }
    return bare(delimiters, false);
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

  /**
   * The members of a list, {@code (a,b,"c,d")}; those not wholly in quotes are as they stand.
   *
   * @param open the bracket that opens it
   * @param close the one that closes it
   */
  List<String> members(String open, String close, String hint) {
    require(open, hint);
    List<String> members = new ArrayList<>();
    if (skip(close)) {
      return members;
    }
    do {
      members.add(value("," + close));
    } while (skip(","));
    require(close, hint);
    return members;
  }
}
