package dev.freshet.sync.query;

import dev.freshet.sync.query.Tokens.Range;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads in which partitions and in which order functions of one SELECT look at rows. */
final class WindowReader {

  private static final Set<String> BEHIND_PARTITION = Set.of("order", "rows", "range", "groups");

  private static final Set<String> BEHIND_ORDER = Set.of("asc", "desc", "nulls", "using");

  private final Tokens tokens;
  private final ExpressionReader expressions;
  private final Scope scope;

  /** The definitions of WINDOW, by name. */
  private final Map<String, Range> named = new HashMap<>();

  WindowReader(Tokens tokens, ExpressionReader expressions, Scope scope) {
    this.tokens = tokens;
    this.expressions = expressions;
    this.scope = scope;
  }

  /** Takes in a WINDOW clause: w AS (…), … */
  Expression define(Range clause) {
    List<Expression.Part> parts = new ArrayList<>();
    Set<ColumnRef> columns = new LinkedHashSet<>();
    for (Range one : tokens.split(clause.begin(), clause.end())) {
      Range definition = new Range(one.begin() + 3, one.end() - 1);
      named.put(tokens.text(one.begin()), definition);
      Range orders = ofAnother(definition) ? behindName(definition) : definition;
      Expression read = expressions.read(orders, scope);
      parts.add(
          new Expression.Text(
              (parts.isEmpty() ? "" : ", ") + tokens.sql(one.begin(), orders.begin())));
      parts.add(new Expression.Text(" "));
      parts.addAll(read.parts());
      parts.add(new Expression.Text(")"));
      columns.addAll(read.columns());
    }
    return new Expression(parts, columns);
  }

  private boolean ofAnother(Range definition) {
    return tokens.isName(definition.begin())
        && named.containsKey(tokens.text(definition.begin()))
        && !tokens.isWord(definition.begin() + 1, "by");
  }

  private static Range behindName(Range definition) {
    return new Range(definition.begin() + 1, definition.end());
  }

  /** The window functions that an expression calls, but not those of its queries. */
  List<Window> windows(Range expression) {
    List<Window> windows = new ArrayList<>();
    for (int i = expression.begin(); i + 1 < expression.end(); i++) {
      if (tokens.isSymbol(i, "(") && tokens.isQuery(i + 1, tokens.closing(i))) {
        i = tokens.closing(i);
      } else if (tokens.isWord(i, "over")) {
        Range window =
            tokens.isSymbol(i + 1, "(") ? new Range(i + 2, tokens.closing(i + 1)) : window(i + 1);
        windows.add(
            new Window(
                function(i - 1),
                partition(window),
                order(window),
                !tokens
                    .topLevel(window.begin(), window.end(), Set.of("rows", "groups"))
                    .isEmpty()));
      }
    }
    return windows;
  }

  /** The name of the function whose call, perhaps with FILTER, ends here. */
  private String function(int close) {
    int depth = 0;
    for (int i = close; i > 0; i--) {
      depth += tokens.isSymbol(i, ")") ? 1 : tokens.isSymbol(i, "(") ? -1 : 0;
      boolean isCall = depth == 0 && tokens.isSymbol(i, "(") && tokens.isName(i - 1);
      if (isCall && !tokens.isWord(i - 1, "filter")) {
        return tokens.text(i - 1);
      }
    }
    throw tokens.unexpected(close);
  }

  /** The calls of aggregates with ORDER BY in an expression, but not those of its queries. */
  List<OrderedCall> orderedCalls(Range expression) {
    List<OrderedCall> calls = new ArrayList<>();
    for (int i = expression.begin(); i + 1 < expression.end(); i++) {
      if (tokens.isSymbol(i, "(") && tokens.isQuery(i + 1, tokens.closing(i))) {
        i = tokens.closing(i);
      } else if (tokens.isSymbol(i + 1, "(") && tokens.isName(i) && !tokens.isWord(i, "over")) {
        int close = tokens.closing(i + 1);
        List<Integer> orders = tokens.topLevel(i + 2, close, Set.of("order"));
        boolean isOther = tokens.isWord(i, "group") || tokens.isQuery(i + 2, close);
        if (!orders.isEmpty() && !isOther) {
          int argument = tokens.isWord(i + 2, "distinct") ? i + 3 : i + 2;
          calls.add(
              new OrderedCall(
                  tokens.text(i),
                  expressions.bare(new Range(argument, orders.getFirst()), scope),
                  orders(new Range(orders.getFirst() + 2, close))));
        }
      }
    }
    return calls;
  }

  /** The expressions of an ORDER BY, without their directions. */
  List<Expression> orders(Range list) {
    List<Expression> orders = new ArrayList<>();
    for (Range part : tokens.split(list.begin(), list.end())) {
      List<Integer> behind = tokens.topLevel(part.begin(), part.end(), BEHIND_ORDER);
      int end = behind.isEmpty() ? part.end() : behind.getFirst();
      orders.add(expressions.bare(new Range(part.begin(), end), scope));
    }
    return orders;
  }

  private List<Expression> order(Range window) {
    List<Integer> orders = tokens.topLevel(window.begin(), window.end(), Set.of("order"));
    if (orders.isEmpty()) {
      boolean isOfAnother = window.length() > 0 && ofAnother(window);
      return isOfAnother ? order(window(window.begin())) : List.of();
    }
    List<Integer> frames =
        tokens.topLevel(orders.getFirst(), window.end(), Set.of("rows", "range", "groups"));
    return orders(
        new Range(orders.getFirst() + 2, frames.isEmpty() ? window.end() : frames.getFirst()));
  }

  private Range window(int at) {
    Range window = named.get(tokens.text(at));
    if (window == null) {
      throw tokens.unexpected(at);
    }
    return window;
  }

  private List<Expression> partition(Range window) {
    int begin = window.begin();
    if (window.length() < 1) {
      return List.of();
    }
    if (window.length() > 0 && ofAnother(window)) {
      return partition(window(begin));
    }
    if (!tokens.isWord(begin, "partition")) {
      return List.of();
    }
    List<Integer> ends = tokens.topLevel(begin + 2, window.end(), BEHIND_PARTITION);
    return tokens.split(begin + 2, ends.isEmpty() ? window.end() : ends.getFirst()).stream()
        .map(part -> expressions.bare(part, scope))
        .toList();
  }
}
