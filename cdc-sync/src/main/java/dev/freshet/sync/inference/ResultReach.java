package dev.freshet.sync.inference;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.query.ColumnRef;
import dev.freshet.sync.query.Expression;
import dev.freshet.sync.query.Select;
import dev.freshet.sync.query.Select.Output;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * From touched joined rows of a SELECT to rows of its result.
 *
 * <p>Groups are found by the expressions that they are grouped by, other rows by values of their
 * own; HAVING and DISTINCT are left out. Values are asked for only if they are the same in the row
 * that goes and in the row that comes. Rows that decide on each other are found by their {@link
 * Partitions}. LIMIT and aggregates without GROUP BY make all rows decide on all.
 */
final class ResultReach {

  static final String CUT = "LIMIT depends on all rows";

  /** Has a row whenever there is a change. */
  static final String ANY_CHANGE = "select from %s as changed".formatted(Reach.CHANGED_ROWS);

  private final Select select;
  private final Partitions partitions;
  private final TouchedRows touched;
  private final Set<String> wanted;
  private final Set<String> known;

  /**
   * Follows touched rows.
   *
   * @param wanted columns by which rows had best be found
   * @param known columns that are of use, too, those wanted among them
   */
  ResultReach(Select select, TouchedRows touched, Set<String> wanted, Set<String> known) {
    this.select = select;
    this.partitions = Partitions.of(select);
    this.touched = touched;
    this.wanted = wanted;
    this.known = known;
  }

  /**
   * The reach.
   *
   * @param what is touched, for people
   */
  Reach from(TableName table, String what) {
    Optional<TouchedRows.Found> any = touched.rows(Set.of());
    if (any.isEmpty()) {
      return new Reach.Whole(
          table, ANY_CHANGE, "it is joined by columns of '%s' that change with it".formatted(what));
    }
    String signal = "select from " + any.get().sql();
    String whole = whyWhole();
    if (!whole.isEmpty()) {
      return new Reach.Whole(table, signal, whole);
    }
    Set<String> asked = new LinkedHashSet<>(known);
    asked.removeIf(column -> !isFindable(column));
    Set<String> shared = partitions.shared();
    boolean isShared =
        wanted.stream().anyMatch(c -> shared.contains(c) && asked.contains(c))
            && (wanted.containsAll(asked) || shared.containsAll(asked));
    if (isShared) {
      asked.retainAll(shared);
    }
    Optional<String> sql = byColumns(asked);
    if (sql.isPresent() && !partitions.isNone() && !isShared) {
      // The touched rows themselves may be gone from their partitions.
      String themselves = sql.get();
      sql =
          partitions
              .rows(touched, list(asked))
              .map(rows -> themselves + " union all " + String.join(" union all ", rows));
    }
    return sql.isEmpty()
        ? new Reach.Whole(table, signal, "no column says which rows a change of it touches")
        : new Reach.Rows(table, sql.get(), asked, signal);
  }

  private String whyWhole() {
    if (select.cut().isPresent()) {
      return CUT;
    }
    if (select.grouping().ofAll()) {
      return "an aggregate without GROUP BY is of all rows";
    }
    boolean hasSets = select.grouping().sets().isPresent();
    if (partitions.areOfAll() || (!partitions.isNone() && hasSets)) {
      return "a window function without PARTITION BY looks at all rows";
    }
    boolean isOrderedByOthers =
        !select.distinct().on().isEmpty()
            && select.orderBy().map(o -> o.hasQueries() || hasWindow(o)).orElse(false);
    return isOrderedByOthers ? "the order of DISTINCT ON looks at other rows" : "";
  }

  private static boolean hasWindow(Expression expression) {
    return SqlTokens.hasWord(expression.ownSql(), "over");
  }

  /** Whether a column has a value for each joined row, or for each group. */
  private boolean isFindable(String column) {
    return select
        .output(column)
        .filter(output -> !output.aggregated() && output.windows().isEmpty())
        .filter(output -> !output.expression().hasQueries())
        .isPresent();
  }

  /** Finds columns, and leaves in {@code asked} those that are found. */
  private Optional<String> byColumns(Set<String> asked) {
    asked.removeIf(column -> !touched.knows(expression(column)));
    Optional<Expression> sets = select.grouping().sets();
    if (asked.isEmpty() || !sets.map(touched::knows).orElse(true)) {
      return Optional.empty();
    }
    Set<ColumnRef> columns = withSets(columnsOf(asked));
    Set<String> stable = stable(asked, columns);
    boolean findsAllWanted =
        !stable.isEmpty()
            && wanted.stream()
                .allMatch(column -> !asked.contains(column) || stable.contains(column));
    List<TouchedRows.Found> all = findsAllWanted ? List.of() : touched.withNulls(columns);
    if (all.isEmpty()) {
      asked.retainAll(stable);
      all =
          asked.isEmpty() ? List.of() : touched.rows(withSets(columnsOf(asked))).stream().toList();
    }
    if (all.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        all.stream()
            .map(one -> "select %s from %s%s".formatted(list(asked), one.sql(), groupingSets()))
            .collect(Collectors.joining(" union all ")));
  }

  /** Those of some columns whose values stay when a touched row comes or goes. */
  private Set<String> stable(Set<String> some, Set<ColumnRef> columns) {
    Optional<TouchedRows.Found> rows = touched.rows(columns);
    if (rows.isEmpty()) {
      return Set.of();
    }
    Set<String> changing = rows.get().form().changing();
    Set<String> stable = new LinkedHashSet<>(some);
    stable.removeIf(column -> expression(column).mentions(changing));
    return select.grouping().sets().map(all -> all.mentions(changing)).orElse(false)
        ? Set.of()
        : stable;
  }

  private Set<ColumnRef> withSets(Set<ColumnRef> columns) {
    Set<ColumnRef> all = new LinkedHashSet<>(columns);
    select.grouping().sets().ifPresent(sets -> all.addAll(sets.columns()));
    return all;
  }

  /** Rows of grouping sets have nulls in place of what is not in their set. */
  private String groupingSets() {
    return select.grouping().sets().map(sets -> " group by " + sets.sql()).orElse("");
  }

  private String list(Collection<String> columns) {
    return columns.stream()
        .map(column -> expression(column).sql() + " as " + TableName.quoted(column))
        .collect(Collectors.joining(", "));
  }

  private Set<ColumnRef> columnsOf(Collection<String> outputs) {
    return Expression.columnsOf(outputs.stream().map(this::expression).toList());
  }

  private Expression expression(String column) {
    return select.output(column).map(Output::expression).orElseThrow();
  }
}
