package dev.freshet.file;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Predicate;

/**
 * An SQL text as tokens, by PostgreSQL's lexical rules.
 *
 * <p>What a text mentions is asked of its tokens, not of a syntax tree: nothing can hide from them
 * in a corner that a visitor forgets.
 */
public final class SqlTokens {

  private static final Set<String> QUERY_WORDS = Set.of("select", "with", "values");

  /** Words of types' names behind the first one. */
  private static final Set<String> TYPE_WORDS =
      Set.of("varying", "precision", "with", "without", "time", "zone");

  /** What a token is. */
  public enum Kind {
    STRING,
    QUOTED,
    PARAMETER,
    WORD,
    NUMBER,
    SYMBOL
  }

  /**
   * One token.
   *
   * @param text as the catalogue has it: words in lower case, identifiers without their quotes,
   *     parameters without their colon
   * @param start where it begins in the SQL
   * @param end where it ends
   */
  public record Token(Kind kind, String text, int start, int end) {

    /** Whether it is a word, not an identifier in quotes. */
    public boolean isWord(String word) {
      return kind == Kind.WORD && text.equals(word);
    }

    /** Whether it is this symbol. */
    public boolean isSymbol(String symbol) {
      return kind == Kind.SYMBOL && text.equals(symbol);
    }

    /** Whether it may be an identifier. */
    public boolean isName() {
      return kind == Kind.WORD || kind == Kind.QUOTED;
    }
  }

  private SqlTokens() {}

  /** The tokens of a text, without space and comments; what is not closed reaches to its end. */
  public static List<Token> of(String sql) {
    return new SqlLexer(sql).tokens();
  }

  /** Where a string, a quoted name or a comment begins that nothing closes. */
  public static OptionalInt unclosed(String sql) {
    SqlLexer lexer = new SqlLexer(sql);
    lexer.tokens();
    return lexer.unclosed();
  }

  /** Whether a word, not an identifier in quotes, stands in the SQL. */
  public static boolean hasWord(String sql, String word) {
    return of(sql).stream().anyMatch(token -> token.isWord(word));
  }

  /** Whatever may be an identifier in it. */
  public static Set<String> namesIn(String sql) {
    Set<String> names = new HashSet<>();
    of(sql).stream().filter(Token::isName).forEach(token -> names.add(token.text()));
    return names;
  }

  /** What it calls as functions, by the last part of their names, as far as the text shows. */
  public static Set<String> called(String sql) {
    Set<String> called = new HashSet<>();
    List<Token> tokens = of(sql);
    for (int i = 0; i + 1 < tokens.size(); i++) {
      if (tokens.get(i).isName() && tokens.get(i + 1).isSymbol("(")) {
        called.add(tokens.get(i).text());
      }
    }
    return called;
  }

  /** Whether it calls one of these functions. */
  public static boolean calls(String sql, Set<String> functions) {
    return !Collections.disjoint(called(sql), functions);
  }

  /** Whether there is such a token within brackets, but not within further ones in them. */
  public static boolean has(List<Token> tokens, int open, Predicate<Token> such) {
    int close = closing(tokens, open);
    for (int i = open + 1; i < close; i++) {
      if (tokens.get(i).isSymbol("(")) {
        i = closing(tokens, i);
      } else if (such.test(tokens.get(i))) {
        return true;
      }
    }
    return false;
  }

  /** The SQL with each subquery in brackets made a null: what is left is of its own level. */
  public static String withoutSubqueries(String sql) {
    StringBuilder text = new StringBuilder(sql);
    List<Token> tokens = of(sql);
    int i = 0;
    List<int[]> cuts = new ArrayList<>();
    while (i + 1 < tokens.size()) {
      Token next = tokens.get(i + 1);
      if (tokens.get(i).isSymbol("(") && (next.isWord("select") || next.isWord("with"))) {
        int close = closing(tokens, i);
        cuts.add(new int[] {next.start(), tokens.get(close).start()});
        i = close;
      }
      i++;
    }
    for (int[] cut : cuts.reversed()) {
      text.replace(cut[0], cut[1], "null");
    }
    return text.toString();
  }

  /** The index of the bracket that closes the one at {@code open}. */
  public static int closing(List<Token> tokens, int open) {
    int depth = 0;
    for (int i = open; i < tokens.size(); i++) {
      if (tokens.get(i).isSymbol("(")) {
        depth++;
      } else if (tokens.get(i).isSymbol(")")) {
        depth--;
        if (depth == 0) {
          return i;
        }
      }
    }
    return tokens.size() - 1;
  }

  /** The SQL as the driver wants it where values are bound: its own question marks are doubled. */
  public static String forValues(String sql) {
    StringBuilder text = new StringBuilder(sql);
    for (Token token : of(sql).reversed()) {
      if (token.isSymbol("?")) {
        text.insert(token.start(), '?');
      }
    }
    return text.toString();
  }

  /** A statement without the semicolons that end it. */
  public static String statement(String sql) {
    int end = sql.length();
    for (Token token : of(sql).reversed()) {
      if (!token.isSymbol(";")) {
        break;
      }
      end = token.start();
    }
    return sql.substring(0, end);
  }

  /**
   * The index behind a type's name, as behind {@code ::}: {@code numeric(10,2)}, {@code double
   * precision}, {@code "public"."mood"[]}.
   *
   * @param at where the name begins
   */
  public static int behindType(List<Token> tokens, int at) {
    int next = at + 1;
    if (next + 1 < tokens.size() && tokens.get(next).isSymbol(".")) {
      next += 2;
    }
    while (next < tokens.size()) {
      if (tokens.get(next).isSymbol("(")) {
        next = closing(tokens, next) + 1;
      } else if (tokens.get(next).isSymbol("[")
          || tokens.get(next).isSymbol("]")
          || TYPE_WORDS.stream().anyMatch(tokens.get(next)::isWord)) {
        next++;
      } else {
        break;
      }
    }
    return next;
  }

  /** The expression without brackets around all of it; a subquery needs its own. */
  public static String withoutBrackets(String expression) {
    String text = expression.strip();
    List<Token> tokens = of(text);
    while (tokens.size() > 2
        && tokens.getFirst().isSymbol("(")
        && closing(tokens, 0) == tokens.size() - 1
        && QUERY_WORDS.stream().noneMatch(tokens.get(1)::isWord)) {
      text = text.substring(tokens.getFirst().end(), tokens.getLast().start()).strip();
      tokens = of(text);
    }
    return text;
  }
}
