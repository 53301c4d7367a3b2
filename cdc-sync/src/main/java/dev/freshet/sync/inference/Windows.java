package dev.freshet.sync.inference;

import dev.freshet.sync.sql.SqlTokens;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import net.sf.jsqlparser.statement.select.PlainSelect;

/** What window functions say of the rows that they look at. */
final class Windows {

  private Windows() {}

  /** The PARTITION BY of each window function in an expression, as SQL. */
  static List<Set<String>> partitions(String text, PlainSelect select) {
    List<Set<String>> partitions = new ArrayList<>();
    List<SqlTokens.Token> tokens = SqlTokens.of(text);
    for (int i = 0; i + 1 < tokens.size(); i++) {
      if (!tokens.get(i).isWord("over")) {
        continue;
      }
      if (!tokens.get(i + 1).isSymbol("(")) {
        String window = tokens.get(i + 1).text();
        String definition =
            Objects.requireNonNullElse(select.getWindowDefinitions(), List.of()).stream()
                .map(Object::toString)
                .filter(d -> Names.of(SqlTokens.of(d).getFirst().text()).equals(window))
                .findFirst()
                .orElse("");
        List<SqlTokens.Token> defined = SqlTokens.of(definition);
        int open = 0;
        while (open < defined.size() && !defined.get(open).isSymbol("(")) {
          open++;
        }
        partitions.add(open < defined.size() ? partition(definition, defined, open) : Set.of());
      } else {
        partitions.add(partition(text, tokens, i + 1));
      }
    }
    return partitions;
  }

  private static Set<String> partition(String text, List<SqlTokens.Token> tokens, int open) {
    Set<String> expressions = new LinkedHashSet<>();
    int close = SqlTokens.closing(tokens, open);
    int at = open + 1;
    if (at + 1 >= close || !tokens.get(at).isWord("partition")) {
      return expressions;
    }
    int start = at + 2;
    int depth = 0;
    for (int i = start; i <= close; i++) {
      SqlTokens.Token token = tokens.get(i);
      boolean ends =
          depth == 0
              && (i == close
                  || token.isSymbol(",")
                  || token.isWord("order")
                  || token.isWord("rows")
                  || token.isWord("range")
                  || token.isWord("groups"));
      if (ends) {
        expressions.add(
            SqlTokens.withoutBrackets(
                text.substring(tokens.get(start).start(), tokens.get(i - 1).end())));
        if (!token.isSymbol(",")) {
          break;
        }
        start = i + 1;
      }
      depth += token.isSymbol("(") ? 1 : token.isSymbol(")") ? -1 : 0;
    }
    return expressions;
  }
}
