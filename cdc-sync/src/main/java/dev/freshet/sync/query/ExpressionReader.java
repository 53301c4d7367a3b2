package dev.freshet.sync.query;

import dev.freshet.sync.query.Tokens.Range;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads expressions: the columns that they mention and the queries in them. */
final class ExpressionReader {

  private static final Set<String> NOT_PLAIN = Set.of("or", "between", "not", "case");

  private final Tokens tokens;
  private final QueryReader queries;

  ExpressionReader(Tokens tokens, QueryReader queries) {
    this.tokens = tokens;
    this.queries = queries;
  }

  /** The parts of a condition that all have to hold. */
  List<Expression> conjuncts(Range range, Scope scope) {
    Range bare = tokens.bare(range);
    List<Integer> ands = tokens.topLevel(bare.begin(), bare.end(), Set.of("and"));
    boolean isOne =
        ands.isEmpty() || !tokens.topLevel(bare.begin(), bare.end(), NOT_PLAIN).isEmpty();
    if (isOne) {
      return List.of(read(bare, scope));
    }
    List<Expression> conjuncts = new ArrayList<>();
    int at = bare.begin();
    for (int and : ands) {
      conjuncts.addAll(conjuncts(new Range(at, and), scope));
      at = and + 1;
    }
    conjuncts.addAll(conjuncts(new Range(at, bare.end()), scope));
    return conjuncts;
  }

  /** An expression without brackets around all of it, so that the same ones have the same text. */
  Expression bare(Range range, Scope scope) {
    return read(tokens.bare(range), scope);
  }

  Expression read(Range range, Scope scope) {
    List<Expression.Part> parts = new ArrayList<>();
    Set<ColumnRef> columns = new LinkedHashSet<>();
    int written = range.begin();
    for (int i = range.begin(); i < range.end(); i++) {
      if (tokens.isSymbol(i, "(") && tokens.isQuery(i + 1, tokens.closing(i))) {
        int close = tokens.closing(i);
        parts.add(new Expression.Text(tokens.sql(written, i + 1)));
        Query query = queries.query(new Range(i + 1, close), scope);
        parts.add(new Expression.Nested(query));
        columns.addAll(query.outer());
        written = close;
        i = close;
      } else if (tokens.isSymbol(i, "::")) {
        i = tokens.behindType(i + 1) - 1; // a type is no column
      } else if (tokens.isName(i)) {
        i = name(i, range.end(), scope, columns);
      }
    }
    if (written < range.end()) {
      parts.add(new Expression.Text(tokens.sql(written, range.end())));
    }
    return new Expression(parts, columns);
  }

  /** Takes in what a name means; returns the last token of it. */
  private int name(int at, int to, Scope scope, Set<ColumnRef> columns) {
    if (tokens.isSymbol(at + 1, "(") || tokens.isSymbol(at - 1, ".")) {
      return at;
    }
    String name = tokens.text(at);
    if (tokens.isSymbol(at + 1, ".") && at + 2 < to) {
      Optional<From.Item> item = scope.item(name);
      if (item.isEmpty()) {
        return at; // a schema
      }
      if (tokens.isSymbol(at + 2, "*")) {
        columns.addAll(Scope.all(item.get()));
      } else {
        columns.add(new ColumnRef(name, tokens.text(at + 2)));
      }
      return at + 2;
    }
    if (isNoColumn(at)) {
      return at;
    }
    Set<ColumnRef> found = scope.columns(name);
    columns.addAll(found);
    if (found.isEmpty()) {
      Optional<From.Item> item = scope.item(name);
      if (item.isEmpty() && tokens.isQuoted(at)) {
        throw tokens.unexpected(at);
      }
      item.ifPresent(whole -> columns.addAll(Scope.all(whole)));
    }
    return at;
  }

  /** Names of collations, windows, arguments and elements, and fields of EXTRACT. */
  private boolean isNoColumn(int at) {
    return tokens.isWord(at - 1, "collate")
        || tokens.isWord(at - 1, "over")
        || (tokens.isSymbol(at - 1, "(") && tokens.isWord(at - 2, "over"))
        || tokens.isWord(at - 1, "as")
        || tokens.isWord(at - 1, "name")
        || (tokens.isSymbol(at + 1, "=") && tokens.isSymbol(at + 2, ">"))
        || (tokens.isSymbol(at - 1, "(") && tokens.isWord(at - 2, "extract"));
  }
}
