package dev.freshet.sync.query;

import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.query.Scope.WithQuery;
import dev.freshet.sync.query.Select.Distinct;
import dev.freshet.sync.query.Select.Grouping;
import dev.freshet.sync.query.Select.Output;
import dev.freshet.sync.query.Tokens.Range;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads a query from its text.
 *
 * <p>Only the clauses are taken apart; within an expression, columns and queries are found, and
 * nothing else matters. The text is PostgreSQL's own, or as plain: columns of joined items are
 * qualified.
 */
public final class QueryReader {

  private static final Set<String> CLAUSES =
      Set.of("from", "where", "group", "having", "window", "order", "limit", "offset", "fetch");

  private static final Set<String> DIRECTIONS = Set.of("asc", "desc", "nulls");

  private final Tokens tokens;
  private final Relations relations;
  private final ExpressionReader expressions;

  private QueryReader(Tokens tokens, Relations relations) {
    this.tokens = tokens;
    this.relations = relations;
    this.expressions = new ExpressionReader(tokens, this);
  }

  /**
   * Reads a query.
   *
   * @throws SyncRefused when it has something that can't be followed
   * @throws IllegalArgumentException when it is not understood
   */
  public static Query read(String text, Relations relations) {
    Tokens tokens = new Tokens(text);
    return new QueryReader(tokens, relations).query(tokens.all(), new Scope(null));
  }

  /** Reads a query that stands within another. */
  Query query(Range range, Scope around) {
    Range bare = range;
    while (tokens.isSymbol(bare.begin(), "(") && tokens.closing(bare.begin()) == bare.end() - 1) {
      bare = new Range(bare.begin() + 1, bare.end() - 1);
    }
    Scope scope = new Scope(around);
    int begin = tokens.isWord(bare.begin(), "with") ? with(bare, scope) : bare.begin();
    int end = bare.end();
    List<Integer> operators = tokens.topLevel(begin, end, Tokens.SET_OPERATORS);
    if (!operators.isEmpty()) {
      return combined(new Range(begin, end), operators, scope);
    }
    if (tokens.isSymbol(begin, "(")) {
      int close = tokens.closing(begin); // (SELECT …) ORDER BY …
      Query only = query(new Range(begin + 1, close), scope);
      Range tail = new Range(close + 1, end);
      return new Query.Combined(
          List.of(only), List.of(), tokens.sql(tail.begin(), tail.end()), isCut(tail));
    }
    if (tokens.isWord(begin, "values")) {
      return values(new Range(begin, end), scope);
    }
    if (!tokens.isWord(begin, "select")) {
      throw tokens.unexpected(begin);
    }
    return select(new Range(begin, end), scope);
  }

  private Query values(Range range, Scope scope) {
    int columns = tokens.split(range.begin() + 2, tokens.closing(range.begin() + 1)).size();
    List<String> names = new ArrayList<>();
    for (int i = 1; i <= columns; i++) {
      names.add("column" + i);
    }
    return new Query.Values(names, expressions.read(range, scope));
  }

  private Query combined(Range range, List<Integer> operators, Scope scope) {
    List<Query> branches = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    int at = range.begin();
    for (int operator : operators) {
      branches.add(query(new Range(at, operator), scope));
      at = operator + 1;
      if (tokens.isWord(at, "all") || tokens.isWord(at, "distinct")) {
        at++;
      }
      texts.add(tokens.sql(operator, at));
    }
    List<Integer> tails = tokens.topLevel(at, range.end(), Tokens.TAIL);
    Range tail = new Range(tails.isEmpty() ? range.end() : tails.getFirst(), range.end());
    branches.add(query(new Range(at, tail.begin()), scope));
    return new Query.Combined(branches, texts, tokens.sql(tail.begin(), tail.end()), isCut(tail));
  }

  private boolean isCut(Range tail) {
    return !tokens.topLevel(tail.begin(), tail.end(), Tokens.CUTS).isEmpty();
  }

  /** Takes in what WITH names; returns where the query begins. */
  private int with(Range range, Scope scope) {
    boolean recursive = tokens.isWord(range.begin() + 1, "recursive");
    int at = recursive ? range.begin() + 2 : range.begin() + 1;
    while (true) {
      String name = tokens.text(at);
      at++;
      List<String> columns = List.of();
      if (tokens.isSymbol(at, "(")) {
        columns = tokens.names(at);
        at = tokens.closing(at) + 1;
      }
      while (!tokens.isSymbol(at, "(")) {
        if (at >= range.end()) {
          throw tokens.unexpected(at);
        }
        at++; // AS, MATERIALIZED
      }
      Range body = new Range(at + 1, tokens.closing(at));
      int end = body.end() + 1;
      while (end < range.end() && !tokens.isSymbol(end, ",") && !tokens.isQuery(end, range.end())) {
        end++; // SEARCH, CYCLE
      }
      scope.add(
          name,
          recursive && mentions(body, name)
              ? recursive(name, columns, body, tokens.sql(range.begin(), end), scope)
              : new WithQuery(query(body, scope), columns, ""));
      if (!tokens.isSymbol(end, ",")) {
        return end;
      }
      at = end + 1;
    }
  }

  private boolean mentions(Range body, String name) {
    for (int i = body.begin(); i < body.end(); i++) {
      if (tokens.isName(i) && tokens.text(i).equals(name)) {
        return true;
      }
    }
    return false;
  }

  private WithQuery recursive(
      String name, List<String> columns, Range body, String clause, Scope scope) {
    Scope within = new Scope(scope);
    Query nothing = new Query.Values(columns, new Expression(List.of(), Set.of()));
    within.add(name, new WithQuery(nothing, columns, clause));
    return new WithQuery(query(body, within), columns, clause);
  }

  // ----- SELECT

  private Select select(Range range, Scope around) {
    Map<String, Range> clauses = clauses(range);
    Scope scope = new Scope(around);
    Optional<From> from =
        clause(clauses, "from")
            .map(c -> new FromReader(tokens, this, expressions, relations, scope).read(c));
    int begin = range.begin() + 1;
    List<Expression> on = new ArrayList<>();
    boolean distinct = tokens.isWord(begin, "distinct");
    if (distinct || tokens.isWord(begin, "all")) {
      begin++;
    }
    if (distinct && tokens.isWord(begin, "on")) {
      int close = tokens.closing(begin + 1);
      tokens.split(begin + 2, close).forEach(part -> on.add(expressions.bare(part, scope)));
      begin = close + 1;
    }
    WindowReader windows = new WindowReader(tokens, expressions, scope);
    Optional<Expression> definitions = clause(clauses, "window").map(windows::define);
    List<Output> outputs = outputs(new Range(begin, listEnd(clauses, range)), scope, windows);
    Optional<Expression> having = clause(clauses, "having").map(c -> expressions.read(c, scope));
    boolean isAggregated = having.isPresent() || outputs.stream().anyMatch(Output::aggregated);
    return new Select(
        outputs,
        from,
        clause(clauses, "where").map(c -> expressions.conjuncts(c, scope)).orElse(List.of()),
        clause(clauses, "group")
            .map(c -> grouping(c, scope, outputs))
            .orElse(new Grouping(List.of(), Optional.empty(), isAggregated)),
        having,
        new Distinct(distinct, on),
        definitions,
        clause(clauses, "order").map(c -> orderText(c, scope, outputs)),
        clause(clauses, "order").map(c -> order(c, windows, outputs)).orElse(List.of()),
        clause(clauses, "limit").map(c -> expressions.read(c, scope)));
  }

  private static int listEnd(Map<String, Range> clauses, Range range) {
    return clauses.values().stream()
        .mapToInt(clause -> clause.begin() - 1)
        .min()
        .orElse(range.end());
  }

  /** What stands behind each clause's word; LIMIT, OFFSET and FETCH together, with their words. */
  private Map<String, Range> clauses(Range range) {
    List<Integer> begins = new ArrayList<>();
    for (int i : tokens.topLevel(range.begin() + 1, range.end(), CLAUSES)) {
      boolean isOther =
          switch (tokens.text(i)) {
            case "from" -> tokens.isWord(i - 1, "distinct") && tokens.isWord(i - 2, "is");
            case "group", "order" -> !tokens.isWord(i + 1, "by");
            default -> false;
          };
      boolean isFurtherCut =
          Tokens.CUTS.contains(tokens.text(i))
              && !begins.isEmpty()
              && Tokens.CUTS.contains(tokens.text(begins.getLast()));
      if (!isOther && !isFurtherCut) {
        begins.add(i);
      }
    }
    Map<String, Range> clauses = new LinkedHashMap<>();
    for (int i = 0; i < begins.size(); i++) {
      int at = begins.get(i);
      int end = i + 1 < begins.size() ? begins.get(i + 1) : range.end();
      boolean isCut = Tokens.CUTS.contains(tokens.text(at));
      clauses.putIfAbsent(isCut ? "limit" : tokens.text(at), new Range(isCut ? at : at + 1, end));
    }
    return clauses;
  }

  private Optional<Range> clause(Map<String, Range> clauses, String word) {
    return Optional.ofNullable(clauses.get(word))
        .map(c -> tokens.isWord(c.begin(), "by") ? new Range(c.begin() + 1, c.end()) : c);
  }

  /** Names there may be those of the result's columns. */
  private static boolean isByOutputs(Tokens tokens, Range clause, List<Output> outputs) {
    return tokens.split(clause.begin(), clause.end()).stream()
        .allMatch(
            part ->
                (part.length() == 1 || tokens.isOneOf(part.begin() + 1, DIRECTIONS))
                    && (tokens.isNumber(part.begin())
                        || outputs.stream()
                            .anyMatch(output -> output.name().equals(tokens.text(part.begin())))));
  }

  private Expression orderText(Range clause, Scope scope, List<Output> outputs) {
    return isByOutputs(tokens, clause, outputs)
        ? Expression.ofText(tokens.sql(clause.begin(), clause.end()))
        : expressions.read(clause, scope);
  }

  private List<Expression> order(Range clause, WindowReader windows, List<Output> outputs) {
    if (!isByOutputs(tokens, clause, outputs)) {
      return windows.orders(clause);
    }
    return tokens.split(clause.begin(), clause.end()).stream()
        .map(
            part ->
                tokens.isNumber(part.begin())
                    ? outputs.get(Integer.parseInt(tokens.text(part.begin())) - 1)
                    : outputs.stream()
                        .filter(output -> output.name().equals(tokens.text(part.begin())))
                        .findFirst()
                        .orElseThrow())
        .map(Output::expression)
        .toList();
  }

  private Grouping grouping(Range clause, Scope scope, List<Output> outputs) {
    List<Range> parts = tokens.split(clause.begin(), clause.end());
    boolean hasSets =
        !tokens
                .topLevel(clause.begin(), clause.end(), Set.of("rollup", "cube", "grouping"))
                .isEmpty()
            || tokens.isWord(clause.begin(), "distinct")
            || parts.stream().anyMatch(part -> tokens.isSymbol(part.begin() + 1, ")"));
    if (hasSets) {
      return new Grouping(List.of(), Optional.of(expressions.read(clause, scope)), false);
    }
    List<Expression> by = new ArrayList<>();
    for (Range part : parts) {
      boolean isPlace = part.length() == 1 && tokens.isNumber(part.begin());
      by.add(
          isPlace
              ? outputs.get(Integer.parseInt(tokens.text(part.begin())) - 1).expression()
              : expressions.bare(part, scope));
    }
    return new Grouping(by, Optional.empty(), false);
  }

  // ----- columns of the result

  private List<Output> outputs(Range list, Scope scope, WindowReader windows) {
    List<Output> outputs = new ArrayList<>();
    for (Range part : tokens.split(list.begin(), list.end())) {
      if (isStar(part)) {
        for (From.Item item : scope.items()) {
          if (part.length() == 1 || item.alias().equals(tokens.text(part.begin()))) {
            for (String column : item.columns()) {
              Expression one = Expression.of(new ColumnRef(item.alias(), column));
              outputs.add(new Output(free(column, outputs), one, false, List.of(), List.of()));
            }
          }
        }
        continue;
      }
      boolean isNamed = part.length() > 2 && tokens.isWord(part.end() - 2, "as");
      Range expression = isNamed ? new Range(part.begin(), part.end() - 2) : part;
      String name = isNamed ? tokens.text(part.end() - 1) : defaultName(part);
      outputs.add(
          new Output(
              free(name, outputs),
              expressions.bare(expression, scope),
              isAggregated(expression),
              windows.windows(expression),
              windows.orderedCalls(expression)));
    }
    return outputs;
  }

  private boolean isStar(Range part) {
    return tokens.isSymbol(part.end() - 1, "*")
        && (part.length() == 1 || (part.length() == 3 && tokens.isSymbol(part.end() - 2, ".")));
  }

  /** Columns keep their places: one whose name is taken gets another, which nobody can ask for. */
  private static String free(String name, List<Output> outputs) {
    return outputs.stream().anyMatch(output -> output.name().equals(name))
        ? name + " (column %d)".formatted(outputs.size() + 1)
        : name;
  }

  /** The name that PostgreSQL gives to a column: its own, or the function's. */
  private String defaultName(Range part) {
    boolean isColumn =
        part.length() == 1 || (part.length() == 3 && tokens.isSymbol(part.begin() + 1, "."));
    if (isColumn && tokens.isName(part.end() - 1)) {
      return tokens.text(part.end() - 1);
    }
    return tokens.isSymbol(part.begin() + 1, "(") && tokens.isName(part.begin())
        ? tokens.text(part.begin())
        : "?column?";
  }

  /** Whether an aggregate is called, not as a window function, and not within a query. */
  private boolean isAggregated(Range expression) {
    for (int i = expression.begin(); i + 1 < expression.end(); i++) {
      if (tokens.isSymbol(i, "(") && tokens.isQuery(i + 1, tokens.closing(i))) {
        i = tokens.closing(i);
      } else if (tokens.isSymbol(i + 1, "(")
          && tokens.isName(i)
          && relations.aggregates().contains(tokens.text(i))
          && !isWindow(tokens.closing(i + 1) + 1)) {
        return true;
      }
    }
    return false;
  }

  private boolean isWindow(int behindCall) {
    int at = behindCall;
    while (tokens.isWord(at, "filter") || tokens.isWord(at, "within")) {
      at = tokens.closing(tokens.isWord(at, "within") ? at + 2 : at + 1) + 1;
    }
    return tokens.isWord(at, "over");
  }
}
