package dev.freshet.sync.inference;

import dev.freshet.file.SqlTokens;
import dev.freshet.file.SqlTokens.Token;
import dev.freshet.sync.model.TableName;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Finds the tables that an SQL text reads, wherever it mentions them. */
final class TableMentions {

  static final String DEFAULT_SCHEMA = "public";

  /** Functions with a FROM among their arguments. */
  private static final Set<String> FROM_IN_ARGUMENTS =
      Set.of("extract", "substring", "trim", "overlay", "position");

  private static final Set<String> QUERY_WORDS = Set.of("select", "with", "values", "(");

  private static final Set<String> BEFORE_OTHER_COMMAS =
      Set.of("select", "where", "by", "having", "on", "using", "with", "limit", "values", "window");

  private TableMentions() {}

  /**
   * The tables of a text.
   *
   * @param named names of common table expressions, which are no tables
   */
  static Set<TableName> in(String sql, Set<String> named) {
    Set<TableName> tables = new TreeSet<>();
    List<Token> tokens = SqlTokens.of(sql);
    for (int i = 0; i + 1 < tokens.size(); i++) {
      if (!opensItem(tokens, i)) {
        continue;
      }
      int at = i + 1;
      while (at < tokens.size()
          && (tokens.get(at).isWord("only") || tokens.get(at).isWord("lateral"))) {
        at++;
      }
      if (at >= tokens.size() || !tokens.get(at).isName()) {
        continue;
      }
      boolean qualified = at + 2 < tokens.size() && tokens.get(at + 1).isSymbol(".");
      int last = qualified ? at + 2 : at;
      boolean isCall = last + 1 < tokens.size() && tokens.get(last + 1).isSymbol("(");
      String name = tokens.get(last).text();
      if (!isCall && (qualified || !named.contains(name))) {
        tables.add(new TableName(qualified ? tokens.get(at).text() : DEFAULT_SCHEMA, name));
      }
    }
    return tables;
  }

  /** The names that WITH clauses give, at any depth. */
  static Set<String> named(String sql) {
    Set<String> named = new TreeSet<>();
    List<Token> tokens = SqlTokens.of(sql);
    for (int i = 0; i + 1 < tokens.size(); i++) {
      boolean mayBeNamed =
          i > 0 && (isWithWord(tokens.get(i - 1)) || tokens.get(i - 1).isSymbol(","));
      if (!mayBeNamed || !tokens.get(i).isName()) {
        continue;
      }
      int next = tokens.get(i + 1).isSymbol("(") ? SqlTokens.closing(tokens, i + 1) + 1 : i + 1;
      if (next < tokens.size() && tokens.get(next).isWord("as")) {
        next++;
        while (next < tokens.size()
            && (tokens.get(next).isWord("not") || tokens.get(next).isWord("materialized"))) {
          next++;
        }
        if (next + 1 < tokens.size()
            && tokens.get(next).isSymbol("(")
            && QUERY_WORDS.contains(tokens.get(next + 1).text())) {
          named.add(tokens.get(i).text());
        }
      }
    }
    return named;
  }

  private static boolean isWithWord(Token token) {
    return token.isWord("with") || token.isWord("recursive");
  }

  private static boolean opensItem(List<Token> tokens, int at) {
    Token token = tokens.get(at);
    return token.isWord("join")
        || (token.isWord("from") && isFromOfSelect(tokens, at))
        || (token.isSymbol(",") && isBetweenItems(tokens, at));
  }

  private static boolean isFromOfSelect(List<Token> tokens, int from) {
    if (from > 0 && tokens.get(from - 1).isWord("distinct")) {
      // IS DISTINCT FROM; SELECT DISTINCT has columns before its FROM.
      return false;
    }
    int depth = 0;
    for (int i = from - 1; i > 0; i--) {
      if (tokens.get(i).isSymbol(")")) {
        depth++;
      } else if (tokens.get(i).isSymbol("(")) {
        if (depth == 0) {
          return !FROM_IN_ARGUMENTS.contains(tokens.get(i - 1).text());
        }
        depth--;
      }
    }
    return true;
  }

  /** Whether a comma is between items of a FROM, by the nearest keyword before it on its level. */
  private static boolean isBetweenItems(List<Token> tokens, int comma) {
    int depth = 0;
    for (int i = comma - 1; i >= 0; i--) {
      Token token = tokens.get(i);
      if (token.isSymbol(")")) {
        depth++;
      } else if (token.isSymbol("(")) {
        if (depth == 0) {
          return false;
        }
        depth--;
      } else if (depth == 0 && token.isWord("from")) {
        return isFromOfSelect(tokens, i);
      } else if (depth == 0
          && token.kind() == SqlTokens.Kind.WORD
          && BEFORE_OTHER_COMMAS.contains(token.text())) {
        return false;
      }
    }
    return false;
  }
}
