package dev.freshet.read.query;

import dev.freshet.protocol.ProblemCode;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the names and lists of PostgREST's grammar from left to right. In double quotes any
 * character is one of the name, and a backslash makes the next one so: {@code "a.b"}, {@code "say
 * \"hi\""}.
 */
final class QueryText {

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

  /** A whole text that is one name, in quotes or without. */
  static String name(String where, String text) {
    return isQuoted(text) ? new QueryText(where, text).upTo("") : text;
  }

  private static boolean isQuoted(String text) {
    return text.startsWith("\"") && closingQuote(text, 0) == text.length() - 1;
  }

  /** Where the quote that opens at {@code from} ends; -1 when it does not. */
  private static int closingQuote(String text, int from) {
    for (int i = from + 1; i < text.length(); i++) {
      switch (text.charAt(i)) {
        case '\\' -> i++;
        case '"' -> {
          return i;
        }
        default -> {
          // One of the name.
        }
      }
    }
    return -1;
  }

  boolean isAtEnd() {
    return at == text.length();
  }

  /** Passes over a character, if it is the next one. */
  boolean skip(char expected) {
    boolean isNext = !isAtEnd() && text.charAt(at) == expected;
    at += isNext ? 1 : 0;
    return isNext;
  }

  /**
   * The word up to one of these delimiters or the end, without spaces around it, and without its
   * quotes.
   */
  String upTo(String delimiters) {
    while (!isAtEnd() && text.charAt(at) == ' ') {
      at++;
    }
    if (!isAtEnd() && text.charAt(at) == '"') {
      String word = quoted();
      while (!isAtEnd() && text.charAt(at) == ' ') {
        at++;
      }
      if (!isAtEnd() && delimiters.indexOf(text.charAt(at)) < 0) {
        throw new Refusal(
            ProblemCode.BAD_VALUE,
            "%s=%s: '%s' follows a closing quote; a quote in a name is written \\\"."
                .formatted(where, text, text.substring(at)));
      }
      return word;
    }
    return bare(delimiters).strip();
  }

  private String bare(String delimiters) {
    int from = at;
    while (!isAtEnd() && delimiters.indexOf(text.charAt(at)) < 0) {
      at++;
    }
    return text.substring(from, at);
  }

  private String quoted() {
    int end = closingQuote(text, at);
    if (end < 0) {
      throw new Refusal(
          ProblemCode.BAD_VALUE, "%s=%s: a quote is not closed.".formatted(where, text));
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

  /** The members of a list, {@code a,b,"c,d"}; those not wholly in quotes are as they stand. */
  List<String> members() {
    List<String> members = new ArrayList<>();
    do {
      members.add(member());
    } while (skip(','));
    return members;
  }

  private String member() {
    if (!isAtEnd() && text.charAt(at) == '"') {
      int end = closingQuote(text, at);
      boolean isWhole = end == text.length() - 1 || (end >= 0 && text.charAt(end + 1) == ',');
      if (isWhole || end < 0) {
        return quoted();
      }
    }
    return bare(",");
  }
}
