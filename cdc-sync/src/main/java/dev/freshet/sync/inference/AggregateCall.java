package dev.freshet.sync.inference;

import dev.freshet.file.SqlTokens;
import dev.freshet.file.SqlTokens.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One call of an aggregate function within an expression.
 *
 * @param name of the function
 * @param distinct whether over distinct values
 * @param argument as SQL; {@code *} for count(*)
 * @param filter the condition of FILTER as SQL; empty without
 * @param start where the call begins in the expression
 * @param end where it ends
 */
record AggregateCall(
    String name, boolean distinct, String argument, String filter, int start, int end) {

  /** Those that follow from their former result and what came and went, min and max mostly. */
  private static final Set<String> KNOWN = Set.of("count", "sum", "avg", "min", "max");

  /** The calls in an expression, in order; empty when there is one that can't be taken apart. */
  static Optional<List<AggregateCall>> in(String expression, Set<String> aggregates) {
    List<Token> tokens = SqlTokens.of(expression);
    List<AggregateCall> calls = new ArrayList<>();
    for (int i = 0; i + 1 < tokens.size(); i++) {
      Token token = tokens.get(i);
      if (!tokens.get(i + 1).isSymbol("(") || !aggregates.contains(token.text())) {
        continue;
      }
      int close = SqlTokens.closing(tokens, i + 1);
      boolean distinct = tokens.get(i + 2).isWord("distinct");
      int first = distinct ? i + 3 : i + 2;
      boolean ofTheUsersOwn = i > 0 && tokens.get(i - 1).isSymbol(".");
      if (ofTheUsersOwn
          || !KNOWN.contains(token.text())
          || first >= close
          || SqlTokens.has(
              tokens, i + 1, within -> within.isSymbol(",") || within.isWord("order"))) {
        return Optional.empty();
      }
      String argument =
          expression.substring(tokens.get(first).start(), tokens.get(close - 1).end());
      int end = close;
      String filter = "";
      if (close + 1 < tokens.size() && tokens.get(close + 1).isWord("filter")) {
        end = SqlTokens.closing(tokens, close + 2);
        // FILTER (WHERE …)
        filter = expression.substring(tokens.get(close + 4).start(), tokens.get(end - 1).end());
      }
      calls.add(
          new AggregateCall(
              token.text(), distinct, argument, filter, token.start(), tokens.get(end).end()));
      i = end;
    }
    return Optional.of(calls);
  }

  /** The same call over another function. */
  String sql(String function) {
    return "%s(%s%s)%s"
        .formatted(
            function,
            distinct ? "distinct " : "",
            argument,
            filter.isEmpty() ? "" : " filter (where " + filter + ")");
  }
}
