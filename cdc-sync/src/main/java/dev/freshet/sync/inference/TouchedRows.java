package dev.freshet.sync.inference;

import dev.freshet.sync.query.ColumnRef;
import dev.freshet.sync.query.Expression;
import dev.freshet.sync.query.From;
import dev.freshet.sync.query.Query;
import dev.freshet.sync.query.Select;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The joined rows of a SELECT that a change touches, before they are grouped.
 *
 * <p>Conditions of WHERE are kept as far as they hold for all rows that come and go with a touched
 * one, if they hold for that one: what asks for nulls of an outer join would hide what the join
 * hides and shows. Those with queries are left out, which costs less than to answer them.
 */
abstract sealed class TouchedRows {

  private final Select select;

  private TouchedRows(Select select) {
    this.select = select;
  }

  /**
   * Touched rows as SQL.
   *
   * @param form a FROM that yields them
   * @param conditions of WHERE
   */
  record Found(Reduction.Form form, List<Expression> conditions) {

    String sql() {
      return form.sql() + Select.whereSql(conditions);
    }
  }

  /** Those in which an item of FROM is touched. */
  static TouchedRows byItem(Select select, From from, Reduced reduced) {
    return new ByItem(select, from, reduced);
  }

  /**
   * Those for which a query in an expression reads touched rows.
   *
   * @param signal finds out whether it does, for one row
   */
  static TouchedRows byExpression(Select select, From from, Query query, String signal) {
    return new ByExpression(select, from, query, signal);
  }

  abstract Optional<Reduction.Form> form(Set<ColumnRef> asked);

  abstract List<Reduction.Form> formsWithNulls(Set<ColumnRef> asked);

  /** Whether the touched rows have all that an expression mentions. */
  abstract boolean knows(Expression expression);

  /** The rows; empty when nothing joins what is touched to the rest. */
  Optional<Found> rows(Set<ColumnRef> asked) {
    List<Expression> conditions = conditions();
    Optional<Reduction.Form> all = form(with(asked, conditions));
    if (all.isEmpty()) {
      return Optional.empty();
    }
    List<Expression> kept =
        conditions.stream().filter(one -> !one.mentions(all.get().changing())).toList();
    return form(with(asked, kept)).map(form -> new Found(form, kept));
  }

  /** The rows, and those with nulls that come and go with them; none when those can't be had. */
  List<Found> withNulls(Set<ColumnRef> asked) {
    List<Expression> conditions = conditions();
    return formsWithNulls(with(asked, conditions)).stream()
        .map(form -> new Found(form, conditions))
        .toList();
  }

  private List<Expression> conditions() {
    return select.where().stream()
        .filter(condition -> !condition.hasQueries() && knows(condition))
        .toList();
  }

  private static Set<ColumnRef> with(Set<ColumnRef> columns, List<Expression> conditions) {
    Set<ColumnRef> all = new LinkedHashSet<>(columns);
    all.addAll(Expression.columnsOf(conditions));
    return all;
  }

  private static final class ByItem extends TouchedRows {

    private final From from;
    private final Reduced reduced;

    ByItem(Select select, From from, Reduced reduced) {
      super(select);
      this.from = from;
      this.reduced = reduced;
    }

    @Override
    Optional<Reduction.Form> form(Set<ColumnRef> asked) {
      return Reduction.of(from, reduced, asked);
    }

    @Override
    List<Reduction.Form> formsWithNulls(Set<ColumnRef> asked) {
      // One change may put nulls in place of several items, or rows in place of several nulls.
      boolean isReadTwice =
          from.items().stream()
              .anyMatch(
                  item -> !item.equals(reduced.item()) && item.tables().contains(reduced.table()));
      return isReadTwice ? List.of() : Reduction.withNulls(from, reduced, asked);
    }

    @Override
    boolean knows(Expression expression) {
      return reduced.knows(expression);
    }
  }

  private static final class ByExpression extends TouchedRows {

    private final From from;
    private final Query query;
    private final String signal;

    ByExpression(Select select, From from, Query query, String signal) {
      super(select);
      this.from = from;
      this.query = query;
      this.signal = signal;
    }

    @Override
    Optional<Reduction.Form> form(Set<ColumnRef> asked) {
      Set<ColumnRef> all = new LinkedHashSet<>(asked);
      all.addAll(query.outer());
      return Optional.of(
          new Reduction.Form(
              "%s cross join lateral (%s) \"freshet touched\""
                  .formatted(Reduction.pruned(from, all), signal),
              true,
              Set.of()));
    }

    @Override
    List<Reduction.Form> formsWithNulls(Set<ColumnRef> asked) {
      return List.of();
    }

    @Override
    boolean knows(Expression expression) {
      return true;
    }
  }
}
