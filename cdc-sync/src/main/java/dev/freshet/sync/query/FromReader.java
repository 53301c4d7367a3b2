package dev.freshet.sync.query;

import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.query.Scope.WithQuery;
import dev.freshet.sync.query.Tokens.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Reads a FROM, and brings its items into scope. */
final class FromReader {

  private static final String DEFAULT_SCHEMA = "public";

  private static final Set<String> JOIN_WORDS =
      Set.of("join", "left", "right", "full", "inner", "cross", "natural");

  private static final Set<String> NO_ALIAS =
      Set.of("on", "using", "join", "left", "right", "full", "inner", "cross", "natural", "with");

  private final Tokens tokens;
  private final QueryReader queries;
  private final ExpressionReader expressions;
  private final Relations relations;
  private final Scope scope;
  private int at;

  FromReader(
      Tokens tokens,
      QueryReader queries,
      ExpressionReader expressions,
      Relations relations,
      Scope scope) {
    this.tokens = tokens;
    this.queries = queries;
    this.expressions = expressions;
    this.relations = relations;
    this.scope = scope;
  }

  From read(Range clause) {
    at = clause.begin();
    From from = list(clause.end());
    if (at < clause.end()) {
      throw tokens.unexpected(at);
    }
    return from;
  }

  /** Joins with commas between them. */
  private From list(int end) {
    From left = joins(end);
    while (at < end && tokens.isSymbol(at, ",")) {
      at++;
      left = new From.Join(left, joins(end), From.Kind.INNER, List.of(), List.of());
    }
    return left;
  }

  private From joins(int end) {
    From left = primary(end);
    while (at < end && tokens.isOneOf(at, JOIN_WORDS)) {
      if (tokens.isWord(at, "natural")) {
        throw new SyncRefused(
            "NATURAL JOIN changes with the tables' columns; write the join's condition with ON");
      }
      boolean isCross = tokens.isWord(at, "cross");
      From.Kind kind =
          tokens.isWord(at, "left")
              ? From.Kind.LEFT
              : tokens.isWord(at, "right")
                  ? From.Kind.RIGHT
                  : tokens.isWord(at, "full") ? From.Kind.FULL : From.Kind.INNER;
      while (at < end && !tokens.isWord(at, "join")) {
        at++;
      }
      at++;
      From right = primary(end);
      left =
          isCross
              ? new From.Join(left, right, kind, List.of(), List.of())
              : conditional(left, right, kind, end);
    }
    return left;
  }

  private From conditional(From left, From right, From.Kind kind, int end) {
    if (tokens.isWord(at, "using")) {
      List<String> using = tokens.names(at + 1);
      at = tokens.closing(at + 1) + 1;
      if (tokens.isWord(at, "as")) {
        throw new SyncRefused("a name for the columns of USING can't be followed; leave it out");
      }
      return new From.Join(left, right, kind, List.of(), using);
    }
    if (!tokens.isWord(at, "on")) {
      throw tokens.unexpected(at);
    }
    int begin = at + 1;
    int stop = begin;
    while (stop < end && !tokens.isSymbol(stop, ",")) {
      if (tokens.isOneOf(stop, JOIN_WORDS) && !tokens.isSymbol(stop + 1, "(")) {
        break;
      }
      stop = tokens.isSymbol(stop, "(") ? tokens.closing(stop) + 1 : stop + 1;
    }
    at = stop;
    return new From.Join(
        left, right, kind, expressions.conjuncts(new Range(begin, stop), scope), List.of());
  }

  private From primary(int end) {
    if (tokens.isWord(at, "lateral")) {
      at++; // PostgreSQL has seen to what may be mentioned
    }
    if (tokens.isSymbol(at, "(")) {
      int close = tokens.closing(at);
      if (tokens.isQuery(at + 1, close)) {
        Query query = queries.query(new Range(at + 1, close), scope);
        at = close + 1;
        return added(derived(query, List.of(), end, ""));
      }
      at++;
      From within = list(close);
      at = close + 1;
      if (tokens.isWord(at, "as") || (at < end && tokens.isQuoted(at))) {
        throw new SyncRefused(
            "a name for joined tables can't be followed; write them as a subquery in FROM");
      }
      return within;
    }
    if (tokens.isWord(at, "only")) {
      throw new SyncRefused("ONLY can't be followed; read the partition or the parent itself");
    }
    if (tokens.isWord(at, "rows") && tokens.isWord(at + 1, "from")) {
      return function(tokens.closing(at + 2), end);
    }
    int last = tokens.isSymbol(at + 1, ".") ? at + 2 : at;
    return tokens.isSymbol(last + 1, "(")
        ? function(tokens.closing(last + 1), end)
        : relation(last, end);
  }

  private From.Item added(From.Item item) {
    scope.add(item);
    return item;
  }

  private From.Item relation(int last, int end) {
    boolean isQualified = last > at;
    String name = tokens.text(last);
    TableName table = new TableName(isQualified ? tokens.text(at) : DEFAULT_SCHEMA, name);
    Optional<WithQuery> common = isQualified ? Optional.empty() : scope.common(name);
    at = last + 1;
    String view = common.isEmpty() ? relations.views().get(table) : null;
    if (view != null) {
      return added(derived(QueryReader.read(view, relations), List.of(), end, name));
    }
    if (common.isEmpty()) {
      List<String> stored = relations.columnsOf(table);
      Alias alias = alias(end, name);
      return added(new From.Table(alias.name(), table, alias.columns(stored), stored));
    }
    return common.get().recursive().isEmpty()
        ? added(derived(common.get().query(), common.get().columns(), end, name))
        : added(recursive(common.get(), name, end));
  }

  private From.Item recursive(WithQuery common, String name, int end) {
    Alias alias = alias(end, name);
    List<String> columns = common.columns().isEmpty() ? common.query().columns() : common.columns();
    return new From.Opaque(
        alias.name(),
        alias.columns(columns),
        Expression.ofText(
            "(%s select * from %s)".formatted(common.recursive(), TableName.quoted(name))),
        alias.definitions(),
        common.query().tables(),
        "the recursive WITH " + name);
  }

  private From.Item derived(Query query, List<String> columns, int end, String name) {
    Alias alias = alias(end, name);
    List<String> all = new ArrayList<>(columns);
    all.addAll(query.columns().subList(columns.size(), query.columns().size()));
    return new From.Derived(alias.name(), alias.columns(all), query);
  }

  private From.Item function(int close, int end) {
    int begin = at;
    Expression call = expressions.read(new Range(begin, close + 1), scope);
    at = close + 1;
    List<Expression.Part> parts = new ArrayList<>(call.parts());
    if (tokens.isWord(at, "with") && tokens.isWord(at + 1, "ordinality")) {
      parts.add(new Expression.Text(" with ordinality"));
      at += 2;
    }
    Alias alias = alias(end, tokens.text(begin));
    Set<TableName> tables = new TreeSet<>();
    call.queries().forEach(query -> tables.addAll(query.tables()));
    return added(
        new From.Opaque(
            alias.name(),
            alias.columns(List.of()),
            new Expression(parts, call.columns()),
            alias.definitions(),
            tables,
            "a function in FROM"));
  }

  /**
   * An alias.
   *
   * @param given names for the first columns
   * @param definitions the names with their brackets, and with types where there are some
   */
  private record Alias(String name, List<String> given, String definitions) {

    List<String> columns(List<String> all) {
      List<String> columns = new ArrayList<>(given);
      if (given.size() < all.size()) {
        columns.addAll(all.subList(given.size(), all.size()));
      }
      return columns;
    }
  }

  private Alias alias(int end, String otherwise) {
    boolean hasAs = tokens.isWord(at, "as");
    at += hasAs ? 1 : 0;
    boolean isThere = at < end && tokens.isName(at) && !tokens.isOneOf(at, NO_ALIAS);
    String name = isThere ? tokens.text(at) : otherwise;
    at += isThere ? 1 : 0;
    if ((isThere || hasAs) && at < end && tokens.isSymbol(at, "(")) {
      int open = at;
      at = tokens.closing(open) + 1;
      return new Alias(name, tokens.names(open), tokens.sql(open, at));
    }
    return new Alias(name, List.of(), "");
  }
}
