package dev.freshet.sync.query;

import dev.freshet.file.SqlTokens;
import dev.freshet.file.SqlTokens.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The tokens of a query's text, by their places. */
final class Tokens {

  static final Set<String> SET_OPERATORS = Set.of("union", "intersect", "except");

  /** What takes some of the rows only. */
  static final Set<String> CUTS = Set.of("limit", "offset", "fetch");

  /** What may stand behind the last branch of a UNION. */
  static final Set<String> TAIL = Set.of("order", "limit", "offset", "fetch", "for");

  private final String text;
  private final List<Token> tokens;

  Tokens(String text) {
    this.text = text;
    this.tokens = SqlTokens.of(text);
  }

  /** Some tokens in a row: the place of the first, and the one behind the last. */
  record Range(int begin, int end) {

    int length() {
      return end - begin;
    }
  }

  Range all() {
    return new Range(0, tokens.size());
  }

  boolean isWord(int at, String word) {
    return at >= 0 && at < tokens.size() && tokens.get(at).isWord(word);
  }

  boolean isOneOf(int at, Set<String> words) {
    return at >= 0
        && at < tokens.size()
        && tokens.get(at).kind() == SqlTokens.Kind.WORD
        && words.contains(tokens.get(at).text());
  }

  boolean isSymbol(int at, String symbol) {
    return at >= 0 && at < tokens.size() && tokens.get(at).isSymbol(symbol);
  }

  boolean isName(int at) {
    return at < tokens.size() && tokens.get(at).isName();
  }

  boolean isQuoted(int at) {
    return at < tokens.size() && tokens.get(at).kind() == SqlTokens.Kind.QUOTED;
  }

  boolean isNumber(int at) {
    return tokens.get(at).kind() == SqlTokens.Kind.NUMBER;
  }

  /** As the catalogue has it. */
  String text(int at) {
    return tokens.get(at).text();
  }

  /** The place of the bracket that closes the one here. */
  int closing(int open) {
    return SqlTokens.closing(tokens, open);
  }

  /** The place behind the name of a type. */
  int behindType(int at) {
    return SqlTokens.behindType(tokens, at);
  }

  /** The SQL from the first of these tokens to the last. */
  String sql(int from, int to) {
    return from < to ? text.substring(tokens.get(from).start(), tokens.get(to - 1).end()) : "";
  }

  /** Without the brackets around all of it; a query keeps its own. */
  Range bare(Range range) {
    int begin = range.begin();
    int end = range.end();
    while (end - begin > 2
        && isSymbol(begin, "(")
        && closing(begin) == end - 1
        && !isQuery(begin + 1, end - 1)) {
      begin++;
      end--;
    }
    return new Range(begin, end);
  }

  /** Whether a query stands here, and nothing else. */
  boolean isQuery(int from, int to) {
    if (isWord(from, "select") || isWord(from, "with") || isWord(from, "values")) {
      return true;
    }
    if (!isSymbol(from, "(")) {
      return false;
    }
    int close = closing(from);
    boolean goesOn = isOneOf(close + 1, SET_OPERATORS) || isOneOf(close + 1, TAIL);
    return (close + 1 >= to || goesOn) && isQuery(from + 1, close);
  }

  /** The places of these words outside brackets. */
  List<Integer> topLevel(int from, int to, Set<String> words) {
    List<Integer> found = new ArrayList<>();
    int depth = 0;
    for (int i = from; i < to; i++) {
      if (isSymbol(i, "(") || isSymbol(i, "[")) {
        depth++;
      } else if (isSymbol(i, ")") || isSymbol(i, "]")) {
        depth--;
      } else if (depth == 0 && isOneOf(i, words) && !isSymbol(i - 1, ".")) {
        found.add(i);
      }
    }
    return found;
  }

  /** The parts between commas outside brackets. */
  List<Range> split(int from, int to) {
    List<Range> parts = new ArrayList<>();
    int depth = 0;
    int begin = from;
    for (int i = from; i < to; i++) {
      if (isSymbol(i, "(") || isSymbol(i, "[")) {
        depth++;
      } else if (isSymbol(i, ")") || isSymbol(i, "]")) {
        depth--;
      } else if (depth == 0 && isSymbol(i, ",")) {
        parts.add(new Range(begin, i));
        begin = i + 1;
      }
    }
    if (begin < to) {
      parts.add(new Range(begin, to));
    }
    return parts;
  }

  /** The first name of each part in brackets. */
  List<String> names(int open) {
    return split(open + 1, closing(open)).stream().map(part -> text(part.begin())).toList();
  }

  IllegalArgumentException unexpected(int at) {
    int from = at < tokens.size() ? tokens.get(at).start() : text.length();
    return new IllegalArgumentException(
        "'%s' is not expected there"
            .formatted(text.substring(from, Math.min(text.length(), from + 40))));
  }
}
