package dev.freshet.sync.inference;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.query.ColumnRef;
import dev.freshet.sync.query.Expression;
import dev.freshet.sync.query.From;
import dev.freshet.sync.query.Query;
import dev.freshet.sync.query.Select;
import dev.freshet.sync.query.Select.Output;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The reaches of one SELECT.
 *
 * <p>A changed row touches the joined rows that it is part of, see {@link Reduction}, and those for
 * which a query in an expression reads it: these are found by joining what is touched in that query
 * beside FROM. {@link ResultReach} goes on from there.
 */
final class SelectReaches {

  private final Select select;
  private final Set<String> wanted;
  private final Set<String> known;

  SelectReaches(Select select, Set<String> wanted, Set<String> known) {
    this.select = select;
    this.wanted = wanted;
    this.known = known;
  }

  List<Reach> all() {
    List<Reach> reaches = new ArrayList<>();
    select.from().ifPresent(from -> from.forEachItem(item -> addOf(from, item, reaches)));
    Set<Query> inJoins = new HashSet<>();
    select.from().ifPresent(from -> from.conditions().forEach(on -> inJoins.addAll(on.queries())));
    for (Expression expression : select.expressions()) {
      for (Query query : expression.queries()) {
        for (Reach inner : Reaches.of(query, Set.of(), Set.of())) {
          reaches.add(
              inJoins.contains(query)
                  ? whole(inner, "a query in a join's condition reads it")
                  : ofExpression(query, inner));
        }
      }
    }
    return reaches;
  }

  /** What signals the inner touch may be of columns that are not here. */
  private static Reach whole(Reach inner, String because) {
    return new Reach.Whole(inner.table(), ResultReach.ANY_CHANGE, because);
  }

  // ----- by the items of FROM

  private void addOf(From from, From.Item item, List<Reach> reaches) {
    switch (item) {
      case From.Table table -> reaches.add(of(from, Reduced.of(table)));
      case From.Derived derived -> {
        List<String> columns = derived.query().columns();
        Set<String> asked = mentionedOf(derived, allExpressions());
        Set<String> best = mentionedOf(derived, expressions(wanted));
        for (Reach inner :
            Reaches.of(
                derived.query(),
                Reach.atTheSamePlaces(best, derived.columns(), columns),
                Reach.atTheSamePlaces(asked, derived.columns(), columns))) {
          reaches.add(ofDerived(from, derived, inner));
        }
      }
      case From.Opaque opaque -> {
        opaque
            .tables()
            .forEach(
                table ->
                    reaches.add(
                        new Reach.Whole(
                            table, ResultReach.ANY_CHANGE, "it is read by " + opaque.what())));
      }
    }
  }

  private Reach ofDerived(From from, From.Derived derived, Reach inner) {
    if (Monotony.hidesAnother(from, derived, inner.table())) {
      return whole(inner, "several subqueries read it whose rows go when its rows come");
    }
    String lateral = derived.isLateral() ? "lateral " : "";
    String alias = TableName.quoted(derived.alias());
    return switch (inner) {
      case Reach.Rows rows -> {
        Reach.Rows named = rows.renamed(derived.query().columns(), derived.columns());
        yield of(
            from,
            new Reduced(
                derived,
                rows.table(),
                "%s(%s) as %s".formatted(lateral, named.sql(), alias),
                named.columns()));
      }
      case Reach.Whole whole when derived.isLateral() ->
          // All of the item's rows, but of this one row of the others.
          of(
              from,
              new Reduced(
                  derived,
                  whole.table(),
                  "%s(%s) as %s".formatted(lateral, whole.signal(), alias),
                  Set.of()));
      case Reach.Whole whole -> whole;
    };
  }

  /** Everything but what stands in the result only. */
  private List<Expression> allExpressions() {
    List<Expression> all = new ArrayList<>(select.where());
    select.from().ifPresent(from -> all.addAll(from.conditions()));
    all.addAll(Partitions.of(select).expressions());
    all.addAll(expressions(known));
    return all;
  }

  private List<Expression> expressions(Collection<String> columns) {
    return columns.stream()
        .flatMap(column -> select.output(column).stream())
        .map(Output::expression)
        .toList();
  }

  private Set<String> mentionedOf(From.Item item, List<Expression> expressions) {
    Set<ColumnRef> columns = Expression.columnsOf(expressions);
    select.from().ifPresent(from -> from.forEachItem(other -> columns.addAll(other.mentioned())));
    Set<String> mentioned = new LinkedHashSet<>();
    for (ColumnRef column : columns) {
      if (column.alias().equals(item.alias())) {
        mentioned.add(column.column());
      }
    }
    select.from().ifPresent(from -> addUsing(from, item, mentioned));
    return mentioned;
  }

  private static void addUsing(From from, From.Item item, Set<String> mentioned) {
    if (from instanceof From.Join join) {
      join.using().stream().filter(item.columns()::contains).forEach(mentioned::add);
      addUsing(join.left(), item, mentioned);
      addUsing(join.right(), item, mentioned);
    }
  }

  private Reach of(From from, Reduced reduced) {
    return new ResultReach(select, TouchedRows.byItem(select, from, reduced), wanted, known)
        .from(reduced.table(), reduced.item().alias());
  }

  // ----- by queries in expressions

  private Reach ofExpression(Query query, Reach inner) {
    Set<String> own = select.from().map(From::aliases).orElse(Set.of());
    boolean isCorrelated = query.outer().stream().anyMatch(column -> own.contains(column.alias()));
    if (!isCorrelated || select.from().isEmpty()) {
      return new Reach.Whole(
          inner.table(), inner.signal(), "a query that is the same for all rows reads it");
    }
    TouchedRows touched =
        TouchedRows.byExpression(select, select.from().get(), query, inner.signal());
    return new ResultReach(select, touched, wanted, known).from(inner.table(), "");
  }
}
