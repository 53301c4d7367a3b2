package dev.freshet.sync.inference;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.query.ColumnRef;
import dev.freshet.sync.query.Expression;
import dev.freshet.sync.query.From;
import dev.freshet.sync.query.Query;
import dev.freshet.sync.query.Relations;
import dev.freshet.sync.query.Select;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The columns of a SELECT's joined rows that follow from some values: by equality, and by keys.
 *
 * <p>Columns of queries around are constants here.
 */
final class Determined {

  private static final Set<String> NOT_PLAIN =
      Set.of("or", "not", "is", "any", "all", "case", "in", "like", "ilike", "similar");

  private final Select select;
  private final Relations relations;
  private final Set<String> expressions = new HashSet<>();
  private final Set<ColumnRef> columns = new HashSet<>();

  private Determined(Select select, Relations relations) {
    this.select = select;
    this.relations = relations;
  }

  /** What follows from the values of these expressions. */
  static Determined by(Select select, List<Expression> given, Relations relations) {
    Determined determined = new Determined(select, relations);
    given.forEach(determined::give);
    select.from().ifPresent(determined::close);
    return determined;
  }

  private void give(Expression expression) {
    expressions.add(expression.sql());
    if (expression.isColumn()) {
      columns.addAll(expression.columns());
    }
  }

  /** Whether an expression has one value for these. */
  boolean has(Expression expression) {
    return expressions.contains(expression.sql())
        || expression.columns().stream().allMatch(this::has);
  }

  boolean has(ColumnRef column) {
    return columns.contains(column) || !own().contains(column.alias());
  }

  private Set<String> own() {
    return select.from().map(From::aliases).orElse(Set.of());
  }

  private void close(From from) {
    boolean more = true;
    while (more) {
      more = false;
      for (Expression condition : select.where()) {
        more |= byEquality(condition, Set.of(), Set.of());
      }
      more |= byJoins(from);
      for (From.Item item : from.items()) {
        more |= byKey(item);
      }
    }
  }

  private boolean byJoins(From from) {
    if (!(from instanceof From.Join join)) {
      return false;
    }
    boolean more = byJoins(join.left());
    more |= byJoins(join.right());
    // A row that has no partner has nulls there, which follow from it just as well.
    Set<String> notFrom = join.kind().preservesLeft() ? join.right().aliases() : Set.of();
    Set<String> norFrom = join.kind().preservesRight() ? join.left().aliases() : Set.of();
    boolean isOuter = join.kind() != From.Kind.INNER;
    Set<String> optional = new HashSet<>(notFrom);
    optional.addAll(norFrom);
    boolean hasPartnerForSure =
        join.on().stream()
            .flatMap(condition -> condition.columns().stream())
            .allMatch(column -> optional.contains(column.alias()) || has(column));
    for (Expression condition : join.on()) {
      if (!isOuter || hasPartnerForSure) {
        more |= byEquality(condition, notFrom, norFrom);
      }
    }
    for (String column : join.using()) {
      List<ColumnRef> same = new ArrayList<>();
      for (From.Item item : join.items()) {
        if (item.columns().contains(column)) {
          same.add(new ColumnRef(item.alias(), column));
        }
      }
      if (join.kind() == From.Kind.INNER && same.stream().anyMatch(columns::contains)) {
        more |= columns.addAll(same);
      }
    }
    return more;
  }

  /** Takes in what equals something determined, unless that is of one of these sides. */
  private boolean byEquality(Expression condition, Set<String> notFrom, Set<String> norFrom) {
    boolean isEquality =
        !condition.hasQueries()
            && condition.columns().size() <= 2
            && isOfColumnsAndConstants(SqlTokens.of(condition.sql()));
    if (!isEquality) {
      return false;
    }
    boolean more = false;
    for (ColumnRef column : condition.columns()) {
      boolean followsFromOthers =
          condition.columns().stream()
              .filter(other -> !other.equals(column))
              .allMatch(
                  other ->
                      has(other)
                          && !notFrom.contains(other.alias())
                          && !norFrom.contains(other.alias()));
      more |= followsFromOthers && columns.add(column);
    }
    return more;
  }

  /** Such as {@code "a"."x" = 'y'::text}: calls and other operators have other values. */
  private static boolean isOfColumnsAndConstants(List<SqlTokens.Token> tokens) {
    int equalities = 0;
    for (int i = 0; i < tokens.size(); i++) {
      SqlTokens.Token token = tokens.get(i);
      if (token.isSymbol("::")) {
        i = SqlTokens.behindType(tokens, i + 1) - 1;
        continue;
      }
      equalities += token.isSymbol("=") ? 1 : 0;
      boolean isCall = token.isName() && i + 1 < tokens.size() && tokens.get(i + 1).isSymbol("(");
      boolean isOperator = token.kind() == SqlTokens.Kind.SYMBOL && !"=.()".contains(token.text());
      if (isCall || isOperator || NOT_PLAIN.stream().anyMatch(token::isWord)) {
        return false;
      }
    }
    return equalities == 1;
  }

  private boolean byKey(From.Item item) {
    Set<ColumnRef> all = new HashSet<>();
    item.columns().forEach(column -> all.add(new ColumnRef(item.alias(), column)));
    if (columns.containsAll(all)) {
      return false;
    }
    boolean isDetermined =
        switch (item) {
          case From.Table table -> hasKey(table);
          case From.Derived derived when !derived.mentioned().stream().allMatch(this::has) -> false;
          case From.Derived derived -> {
            Set<String> given = new HashSet<>();
            for (int i = 0; i < derived.columns().size(); i++) {
              if (has(new ColumnRef(derived.alias(), derived.columns().get(i)))) {
                given.add(derived.query().columns().get(i));
              }
            }
            yield isOneRow(derived.query(), given, relations);
          }
          case From.Opaque ignored -> false;
        };
    return isDetermined && columns.addAll(all);
  }

  private boolean hasKey(From.Table table) {
    List<String> key = relations.keyOf(table);
    return !key.isEmpty()
        && key.stream().allMatch(part -> columns.contains(new ColumnRef(table.alias(), part)));
  }

  /** Whether a query has one row at most for values of these columns. */
  private static boolean isOneRow(Query query, Set<String> given, Relations relations) {
    if (!(query instanceof Select select)) {
      return given.containsAll(query.columns());
    }
    if (select.grouping().ofAll() || given.containsAll(select.columns())) {
      return true;
    }
    if (select.grouping().sets().isPresent() || select.from().isEmpty()) {
      return false;
    }
    List<Expression> values = new ArrayList<>();
    given.forEach(
        column -> select.output(column).ifPresent(output -> values.add(output.expression())));
    Determined inner = by(select, values, relations);
    List<Expression> deciding =
        !select.grouping().by().isEmpty()
            ? select.grouping().by()
            : !select.distinct().on().isEmpty() ? select.distinct().on() : List.of();
    return deciding.isEmpty()
        ? select.from().get().items().stream().allMatch(inner::hasAll)
        : deciding.stream().allMatch(inner::has);
  }

  private boolean hasAll(From.Item item) {
    return !item.columns().isEmpty()
        && item.columns().stream()
            .allMatch(column -> columns.contains(new ColumnRef(item.alias(), column)));
  }
}
