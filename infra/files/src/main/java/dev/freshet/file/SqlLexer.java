package dev.freshet.file;

import dev.freshet.file.SqlTokens.Kind;
import dev.freshet.file.SqlTokens.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * Splits SQL by the lexical rules of PostgreSQL's manual (4.1), with {@code
 * standard_conforming_strings} on.
 */
final class SqlLexer {

  private static final String STRING_PREFIXES = "eEbBxXnN";

  private final String sql;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int unclosed = -1;

  SqlLexer(String sql) {
    this.sql = sql;
  }

  List<Token> tokens() {
    while (at < sql.length()) {
      char c = sql.charAt(at);
      if (Character.isWhitespace(c)) {
        at++;
      } else if (sql.startsWith("--", at)) {
        int newline = sql.indexOf('\n', at);
        at = newline < 0 ? sql.length() : newline;
      } else if (sql.startsWith("/*", at)) {
        comment();
      } else if (!string(c)) {
        other(c);
      }
    }
    return tokens;
  }

  OptionalInt unclosed() {
    return unclosed < 0 ? OptionalInt.empty() : OptionalInt.of(unclosed);
  }

  /** Comments hold comments. */
  private void comment() {
    int start = at;
    int depth = 0;
    do {
      if (sql.startsWith("/*", at)) {
        depth++;
        at += 2;
      } else if (sql.startsWith("*/", at)) {
        depth--;
        at += 2;
      } else {
        at++;
      }
    } while (depth > 0 && at < sql.length());
    if (depth > 0) {
      unclosed = start;
    }
  }

  /** Takes a string or a quoted name, if one begins here. */
  private boolean string(char c) {
    int start = at;
    if (c == '\'') {
      quoted(start, at, '\'', false, Kind.STRING);
    } else if (c == '"') {
      quoted(start, at, '"', false, Kind.QUOTED);
    } else if (STRING_PREFIXES.indexOf(c) >= 0 && sql.startsWith("'", at + 1)) {
      quoted(start, at + 1, '\'', c == 'e' || c == 'E', Kind.STRING);
    } else if ((c == 'u' || c == 'U') && sql.startsWith("&'", at + 1)) {
      quoted(start, at + 2, '\'', false, Kind.STRING);
    } else if (c == '$') {
      return dollarQuoted();
    } else {
      return false;
    }
    return true;
  }

  private void quoted(int start, int open, char quote, boolean escapes, Kind kind) {
    int end = open + 1;
    while (end < sql.length()) {
      char c = sql.charAt(end);
      if (escapes && c == '\\') {
        end++;
      } else if (c == quote) {
        if (end + 1 == sql.length() || sql.charAt(end + 1) != quote) {
          break;
        }
        end++;
      }
      end++;
    }
    if (end >= sql.length()) {
      unclosed = start;
      end = sql.length() - 1;
    }
    at = end + 1;
    String text = sql.substring(start, at);
    tokens.add(
        new Token(
            kind,
            kind == Kind.QUOTED && unclosed < 0
                ? text.substring(1, text.length() - 1).replace("\"\"", "\"")
                : text,
            start,
            at));
  }

  private boolean dollarQuoted() {
    int tagEnd = at + 1;
    while (tagEnd < sql.length() && isOfParameter(sql.charAt(tagEnd))) {
      tagEnd++;
    }
    boolean isTag =
        tagEnd < sql.length()
            && sql.charAt(tagEnd) == '$'
            && !Character.isDigit(sql.charAt(at + 1));
    if (!isTag) {
      return false;
    }
    int start = at;
    String tag = sql.substring(at, tagEnd + 1);
    int close = sql.indexOf(tag, tagEnd + 1);
    if (close < 0) {
      unclosed = start;
    }
    at = close < 0 ? sql.length() : close + tag.length();
    tokens.add(new Token(Kind.STRING, sql.substring(start, at), start, at));
    return true;
  }

  private void other(char c) {
    int start = at;
    if (isParameter(c)) {
      at++;
      while (at < sql.length() && isOfParameter(sql.charAt(at))) {
        at++;
      }
      tokens.add(new Token(Kind.PARAMETER, sql.substring(start + 1, at), start, at));
    } else if (isWordStart(c)) {
      while (at < sql.length() && (isWordStart(sql.charAt(at)) || isWordPart(sql.charAt(at)))) {
        at++;
      }
      tokens.add(
          new Token(Kind.WORD, sql.substring(start, at).toLowerCase(Locale.ROOT), start, at));
    } else if (isDigit(c)) {
      number();
      tokens.add(new Token(Kind.NUMBER, sql.substring(start, at), start, at));
    } else {
      at += sql.startsWith("::", at) || sql.startsWith(":=", at) ? 2 : 1;
      tokens.add(new Token(Kind.SYMBOL, sql.substring(start, at), start, at));
    }
  }

  /** Not behind a word or number, where a colon is that of a slice. */
  private boolean isParameter(char c) {
    if (c != ':' || at + 1 == sql.length()) {
      return false;
    }
    char next = sql.charAt(at + 1);
    boolean begins = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || next == '_';
    return begins && (at == 0 || (sql.charAt(at - 1) != ':' && !isOfParameter(sql.charAt(at - 1))));
  }

  private void number() {
    while (at < sql.length() && isDigit(sql.charAt(at))) {
      at++;
    }
    if (at < sql.length() && sql.charAt(at) == '.') {
      at++;
      while (at < sql.length() && isDigit(sql.charAt(at))) {
        at++;
      }
    }
    int exponent = at;
    if (exponent < sql.length() && (sql.charAt(exponent) == 'e' || sql.charAt(exponent) == 'E')) {
      exponent++;
      if (exponent < sql.length() && (sql.charAt(exponent) == '+' || sql.charAt(exponent) == '-')) {
        exponent++;
      }
      if (exponent < sql.length() && isDigit(sql.charAt(exponent))) {
        while (exponent < sql.length() && isDigit(sql.charAt(exponent))) {
          exponent++;
        }
        at = exponent;
      }
    }
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isWordStart(char c) {
    return Character.isLetter(c) || c == '_';
  }

  private static boolean isWordPart(char c) {
    return Character.isDigit(c) || c == '$' || Character.isSurrogate(c);
  }

  private static boolean isOfParameter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || isDigit(c) || c == '_';
  }
}
