package dev.freshet.sync.inference;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.query.ColumnRef;
import dev.freshet.sync.query.Expression;
import dev.freshet.sync.query.From;
import dev.freshet.sync.query.From.Join;
import dev.freshet.sync.query.Select;
import dev.freshet.sync.query.Select.Output;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The joined tables of a SELECT that groups them, and no more. */
final class Joined {

  private final Select select;
  private final From from;
  private final List<From.Table> tables;
  private final Set<String> nullable;

  private Joined(Select select, From from, List<From.Table> tables) {
    this.select = select;
    this.from = from;
    this.tables = List.copyOf(tables);
    this.nullable = nullable(from);
  }

  /** Empty when it does something else, too, or reads something else than tables. */
  static Optional<Joined> of(Select select) {
    boolean isPlain =
        select.having().isEmpty()
            && !select.distinct().isThere()
            && select.cut().isEmpty()
            && select.grouping().sets().isEmpty()
            && !select.grouping().by().isEmpty()
            && select.outputs().stream().allMatch(output -> output.windows().isEmpty());
    if (!isPlain || select.from().isEmpty()) {
      return Optional.empty();
    }
    From from = select.from().get();
    boolean hasQueries =
        from.conditions().stream().anyMatch(Expression::hasQueries)
            || select.where().stream().anyMatch(Expression::hasQueries);
    List<From.Table> tables =
        from.items().stream()
            .filter(From.Table.class::isInstance)
            .map(From.Table.class::cast)
            .toList();
    return hasQueries || tables.size() < from.items().size()
        ? Optional.empty()
        : Optional.of(new Joined(select, from, tables));
  }

  /** The tables that are there in every joined row of a SELECT. */
  static List<From.Table> always(Select select) {
    if (select.from().isEmpty()) {
      return List.of();
    }
    Set<String> nullable = nullable(select.from().get());
    return select.from().get().items().stream()
        .flatMap(item -> item instanceof From.Table table ? Stream.of(table) : Stream.empty())
        .filter(table -> !nullable.contains(table.alias()))
        .toList();
  }

  List<From.Table> tables() {
    return tables;
  }

  List<Output> outputs() {
    return select.outputs();
  }

  Output output(String column) {
    return select.output(column).orElseThrow();
  }

  List<Expression> groupBy() {
    return select.grouping().by();
  }

  List<Expression> where() {
    return select.where();
  }

  From.Table table(String alias) {
    return tables.stream().filter(t -> t.alias().equals(alias)).findFirst().orElseThrow();
  }

  /** Whether there may be rows without it. */
  boolean isNullable(From.Table table) {
    return nullable.contains(table.alias());
  }

  /** The aliases of items that rows may lack. */
  static Set<String> nullable(From from) {
    Set<String> nullable = new HashSet<>();
    addNullable(from, nullable);
    while (spread(from, nullable)) {
      // What is joined by columns that may be null may be missing, too.
    }
    return nullable;
  }

  private static void addNullable(From from, Set<String> nullable) {
    if (from instanceof Join join) {
      addNullable(join.left(), nullable);
      addNullable(join.right(), nullable);
      if (join.kind().preservesLeft()) {
        nullable.addAll(join.right().aliases());
      }
      if (join.kind().preservesRight()) {
        nullable.addAll(join.left().aliases());
      }
    }
  }

  private static boolean spread(From from, Set<String> nullable) {
    if (!(from instanceof Join join)) {
      return false;
    }
    boolean more = spread(join.left(), nullable);
    more |= spread(join.right(), nullable);
    boolean isByNullable =
        join.on().stream()
            .anyMatch(
                on ->
                    on.columns().stream()
                        .anyMatch(
                            column ->
                                join.left().aliases().contains(column.alias())
                                    && nullable.contains(column.alias())));
    if (isByNullable && join.kind() != From.Kind.RIGHT) {
      more |= nullable.addAll(join.right().aliases());
    }
    return more;
  }

  /** The columns that a piece of an expression mentions. */
  Set<ColumnRef> mentioned(String sql) {
    Set<ColumnRef> columns = new LinkedHashSet<>();
    List<SqlTokens.Token> tokens = SqlTokens.of(sql);
    for (int i = 0; i < tokens.size(); i++) {
      SqlTokens.Token token = tokens.get(i);
      if (token.isSymbol("::")) {
        i = SqlTokens.behindType(tokens, i + 1) - 1;
        continue;
      }
      boolean isOther =
          !token.isName()
              || (i > 0 && tokens.get(i - 1).isSymbol("."))
              || (i + 1 < tokens.size() && tokens.get(i + 1).isSymbol("("));
      if (isOther) {
        continue;
      }
      boolean qualifies = i + 2 < tokens.size() && tokens.get(i + 1).isSymbol(".");
      if (qualifies && tables.stream().anyMatch(t -> t.alias().equals(token.text()))) {
        columns.add(new ColumnRef(token.text(), tokens.get(i + 2).text()));
      } else if (!qualifies) {
        tables.stream()
            .filter(table -> table.columns().contains(token.text()))
            .forEach(table -> columns.add(new ColumnRef(table.alias(), token.text())));
      }
    }
    return columns;
  }

  /** A SELECT of all groups: the key's columns, then a list of aggregates. */
  String groupSelect(List<String> key, String aggregates) {
    return groupSelect(key, aggregates, from.sql());
  }

  /** The same of those joined rows that have some rows of one table. */
  String contribution(From.Table restricted, List<String> key, String aggregates) {
    return groupSelect(key, aggregates, reduced(restricted, everything()).sql());
  }

  private String groupSelect(List<String> key, String aggregates, String joined) {
    return "select %s, %s from %s%s group by %s"
        .formatted(
            key.stream()
                .map(c -> output(c).expression().sql() + " as " + TableName.quoted(c))
                .collect(Collectors.joining(", ")),
            aggregates,
            joined,
            Select.whereSql(where()),
            groupBy().stream().map(Expression::sql).collect(Collectors.joining(", ")));
  }

  private Set<ColumnRef> everything() {
    return tables.stream()
        .flatMap(t -> t.columns().stream().map(column -> new ColumnRef(t.alias(), column)))
        .collect(Collectors.toSet());
  }

  private Reduction.Form reduced(From.Table table, Set<ColumnRef> asked) {
    return Reduction.of(from, Reduced.of(table), asked).orElseThrow();
  }

  /** From changed rows of a table to the rows, by their columns, of another that is needed. */
  String reach(From.Table changed, From.Table other, List<String> columns) {
    Set<ColumnRef> asked =
        columns.stream()
            .map(column -> new ColumnRef(other.alias(), column))
            .collect(Collectors.toSet());
    return "select distinct %s from %s"
        .formatted(
            columns.stream()
                .map(c -> TableName.quoted(other.alias()) + "." + TableName.quoted(c) + "::text")
                .collect(Collectors.joining(", ")),
            reduced(changed, asked).sql());
  }

  /**
   * A table that is there in every row, and stays the same in a row to which the other comes, or
   * from which it goes: one that the other is joined by, if there is such a one.
   */
  Optional<From.Table> steady(From.Table changed) {
    if (!isNullable(changed)) {
      return Optional.of(changed);
    }
    Set<String> changing = reduced(changed, everything()).changing();
    Set<String> near = new LinkedHashSet<>();
    near(from, changed.alias(), near);
    return tables.stream()
        .filter(table -> !isNullable(table) && !changing.contains(table.alias()))
        .sorted((a, b) -> Boolean.compare(near.contains(b.alias()), near.contains(a.alias())))
        .findFirst();
  }

  /** The aliases that the joins on the way to a table mention. */
  private static void near(From part, String alias, Set<String> near) {
    if (part instanceof Join join && join.aliases().contains(alias)) {
      near(join.left(), alias, near);
      near(join.right(), alias, near);
      boolean isDirect = near.isEmpty() || join.on().stream().anyMatch(on -> on.mentions(near));
      if (isDirect) {
        join.on().forEach(on -> on.columns().forEach(column -> near.add(column.alias())));
      }
    }
  }

  /** The tables that are null-extended where this one is: their conditions can't be true then. */
  Set<String> goneWithout(From.Table table, Predicate<String> isStrict) {
    Set<String> gone = new HashSet<>(Set.of(table.alias()));
    while (addGone(from, gone, isStrict)) {
      // Those may take others with them.
    }
    return gone;
  }

  private static boolean addGone(From part, Set<String> gone, Predicate<String> isStrict) {
    if (!(part instanceof Join join)) {
      return false;
    }
    boolean more = addGone(join.left(), gone, isStrict);
    more |= addGone(join.right(), gone, isStrict);
    boolean takes =
        join.kind() == From.Kind.LEFT
            && join.on().stream().anyMatch(on -> isStrict.test(on.sql()) && on.mentions(gone));
    if (takes) {
      more |= gone.addAll(join.right().aliases());
    }
    return more;
  }
}
