package dev.freshet.sync.inference;

import dev.freshet.sync.sql.SqlTokens;
import dev.freshet.sync.sql.SqlTokens.Kind;
import dev.freshet.sync.sql.SqlTokens.Token;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * PostgreSQL's own text of a query in a form that the parser reads, and back.
 *
 * <p>The parser knows the SQL standard's operators. Another one, of any type or extension, becomes
 * a call, {@code (a ? b)} is {@code "operator ?"(a, b)}: where one stands matters to nobody here,
 * but its operands do. PostgreSQL puts brackets around every operation, so that they are plain.
 */
final class ParserDialect {

  private static final Map<String, String> WORDS =
      Map.of("~~", "LIKE", "!~~", "NOT LIKE", "~~*", "ILIKE", "!~~*", "NOT ILIKE");

  private static final Set<String> KNOWN =
      Set.of(
          "+", "-", "*", "/", "%", "=", "<>", "!=", "<", ">", "<=", ">=", "||", "->", "->>", "=>");

  private static final String CHARACTERS = "+-*/<>=~!@#%^&|`?";

  private static final String CALL = "operator ";

  private ParserDialect() {}

  /** The query as the parser reads it. */
  static String of(String select) {
    String text = withWords(select);
    int from = 0;
    while (true) {
      List<Token> tokens = SqlTokens.of(text);
      int first = from;
      while (first < tokens.size() && !isUnknown(text, tokens, first)) {
        first++;
      }
      if (first == tokens.size()) {
        return text;
      }
      int last =
          isQualified(tokens, first)
              ? SqlTokens.closing(tokens, first + 1)
              : behindOperator(tokens, first) - 1;
      int open = opening(tokens, first);
      if (open < 0) {
        from = last + 1;
        continue;
      }
      int close = SqlTokens.closing(tokens, open);
      String operator =
          text.substring(tokens.get(first).start(), tokens.get(last).end()).replace("\"", "\"\"");
      String left = text.substring(tokens.get(open).end(), tokens.get(first).start()).strip();
      String right = text.substring(tokens.get(last).end(), tokens.get(close).start()).strip();
      text =
          text.substring(0, tokens.get(open).start())
              + "\"%s%s\"(%s%s)".formatted(CALL, operator, left.isEmpty() ? "" : left + ", ", right)
              + text.substring(tokens.get(close).end());
      from = open;
    }
  }

  /** What the parser has printed, with the operators that were calls. */
  static String original(String parsed) {
    String text = parsed;
    while (true) {
      List<Token> tokens = SqlTokens.of(text);
      int at = tokens.size() - 2;
      while (at >= 0 && !isCall(tokens, at)) {
        at--;
      }
      if (at < 0) {
        return text;
      }
      int close = SqlTokens.closing(tokens, at + 1);
      int comma = at + 2;
      int depth = 0;
      while (comma < close && (depth > 0 || !tokens.get(comma).isSymbol(","))) {
        depth += tokens.get(comma).isSymbol("[") ? 1 : tokens.get(comma).isSymbol("]") ? -1 : 0;
        comma = tokens.get(comma).isSymbol("(") ? SqlTokens.closing(tokens, comma) + 1 : comma + 1;
      }
      String operator = tokens.get(at).text().substring(CALL.length());
      String arguments = text.substring(tokens.get(at + 1).end(), tokens.get(close).start());
      int cut = comma < close ? tokens.get(comma).start() - tokens.get(at + 1).end() : 0;
      String call =
          comma < close
              ? "(%s %s %s)"
                  .formatted(arguments.substring(0, cut), operator, arguments.substring(cut + 1))
              : "(%s %s)".formatted(operator, arguments);
      text =
          text.substring(0, tokens.get(at).start())
              + call
              + text.substring(tokens.get(close).end());
    }
  }

  private static boolean isCall(List<Token> tokens, int at) {
    return tokens.get(at).kind() == Kind.QUOTED
        && tokens.get(at).text().startsWith(CALL)
        && tokens.get(at + 1).isSymbol("(");
  }

  private static String withWords(String select) {
    StringBuilder text = new StringBuilder(select);
    List<Token> tokens = SqlTokens.of(select);
    for (int i = tokens.size() - 1; i > 0; i--) {
      if (tokens.get(i).isSymbol("(") && tokens.get(i - 1).isWord("extract")) {
        Token field = tokens.get(i + 1);
        text.replace(field.start(), field.end(), field.text());
      } else if (isCharacter(tokens.get(i))
          && !continues(tokens, i)
          && !tokens.get(i - 1).isSymbol(".")) {
        int end = tokens.get(behindOperator(tokens, i) - 1).end();
        String word = WORDS.get(select.substring(tokens.get(i).start(), end));
        if (word != null) {
          text.replace(tokens.get(i).start(), end, word);
        }
      }
    }
    return text.toString();
  }

  /** Whether an operator of the user's own is here: {@code OPERATOR("public".=)}. */
  private static boolean isQualified(List<Token> tokens, int at) {
    return tokens.get(at).isWord("operator")
        && at + 1 < tokens.size()
        && tokens.get(at + 1).isSymbol("(");
  }

  /** Whether an operator begins here that the parser does not know. */
  private static boolean isUnknown(String text, List<Token> tokens, int at) {
    if (isQualified(tokens, at)) {
      return true;
    }
    return isCharacter(tokens.get(at))
        && !continues(tokens, at)
        && !KNOWN.contains(
            text.substring(
                tokens.get(at).start(), tokens.get(behindOperator(tokens, at) - 1).end()));
  }

  private static boolean isCharacter(Token token) {
    return token.kind() == Kind.SYMBOL
        && token.text().length() == 1
        && CHARACTERS.contains(token.text());
  }

  private static boolean continues(List<Token> tokens, int at) {
    return at > 0
        && isCharacter(tokens.get(at - 1))
        && tokens.get(at - 1).end() == tokens.get(at).start();
  }

  private static int behindOperator(List<Token> tokens, int at) {
    int next = at + 1;
    while (next < tokens.size() && isCharacter(tokens.get(next)) && continues(tokens, next)) {
      next++;
    }
    return next;
  }

  /** The bracket within which a token stands; -1 when it stands in none. */
  private static int opening(List<Token> tokens, int at) {
    int depth = 0;
    for (int i = at - 1; i >= 0; i--) {
      if (tokens.get(i).isSymbol(")")) {
        depth++;
      } else if (tokens.get(i).isSymbol("(")) {
        if (depth == 0) {
          return i;
        }
        depth--;
      }
    }
    return -1;
  }
}
