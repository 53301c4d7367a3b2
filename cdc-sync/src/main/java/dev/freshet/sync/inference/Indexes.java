package dev.freshet.sync.inference;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.query.ColumnRef;
import dev.freshet.sync.query.Expression;
import dev.freshet.sync.query.From;
import dev.freshet.sync.query.Query;
import dev.freshet.sync.query.Select;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The indexes that make reaches short, from changes to rows and from keys to rows. */
final class Indexes {

  private final Set<WantedIndex> wanted = new LinkedHashSet<>();

  private Indexes() {}

  /**
   * The indexes for a query.
   *
   * @param unit columns by which its rows are looked up
   */
  static Set<WantedIndex> of(Query query, List<String> unit) {
    Indexes indexes = new Indexes();
    indexes.addJoins(query, Map.of());
    unit.forEach(column -> indexes.addLookUp(query, column));
    return indexes.wanted;
  }

  private void addLookUp(Query query, String column) {
    switch (query) {
      case Select select ->
          select
              .output(column)
              .filter(output -> !output.aggregated() && output.windows().isEmpty())
              .ifPresent(output -> addLookUp(output.expression(), items(select, Map.of())));
      case Query.Combined combined -> {
        int place = combined.columns().indexOf(column);
        combined.branches().forEach(branch -> addLookUp(branch, branch.columns().get(place)));
      }
      case Query.Values ignored -> {}
    }
  }

  private void addLookUp(Expression expression, Map<String, From.Item> items) {
    Set<String> aliases =
        expression.columns().stream().map(ColumnRef::alias).collect(Collectors.toSet());
    if (aliases.size() != 1) {
      return;
    }
    if (expression.isColumn()) {
      addColumn(expression.columns().iterator().next(), items);
    } else if (items.get(aliases.iterator().next()) instanceof From.Table table
        && table.columns().equals(table.stored())
        && !expression.hasQueries()) {
      wanted.add(
          new WantedIndex(
              table.name(), "(" + unqualified(expression.sql(), table.alias()) + ")", null));
    }
  }

  private static String unqualified(String text, String alias) {
    StringBuilder sql = new StringBuilder(text);
    List<SqlTokens.Token> tokens = SqlTokens.of(text);
    for (int i = tokens.size() - 2; i >= 0; i--) {
      if (tokens.get(i).isName()
          && tokens.get(i).text().equals(alias)
          && tokens.get(i + 1).isSymbol(".")) {
        sql.delete(tokens.get(i).start(), tokens.get(i + 1).end());
      }
    }
    return sql.toString();
  }

  private void addColumn(ColumnRef column, Map<String, From.Item> items) {
    switch (items.get(column.alias())) {
      case From.Table table when table.columns().contains(column.column()) -> {
        String stored = table.storedName(column.column());
        wanted.add(new WantedIndex(table.name(), TableName.quoted(stored), stored));
      }
      case From.Derived derived when derived.columns().contains(column.column()) ->
          addLookUp(
              derived.query(),
              derived.query().columns().get(derived.columns().indexOf(column.column())));
      case null, default -> {}
    }
  }

  private static Map<String, From.Item> items(Select select, Map<String, From.Item> around) {
    Map<String, From.Item> items = new HashMap<>(around);
    select.from().ifPresent(from -> from.forEachItem(item -> items.put(item.alias(), item)));
    return items;
  }

  /** Those that joins go by, also between a query and the one around it, and partitions. */
  private void addJoins(Query query, Map<String, From.Item> around) {
    switch (query) {
      case Query.Combined combined ->
          combined.branches().forEach(branch -> addJoins(branch, around));
      case Query.Values ignored -> {}
      case Select select -> {
        Map<String, From.Item> items = items(select, around);
        List<Expression> conditions = new ArrayList<>(select.where());
        select.from().ifPresent(from -> conditions.addAll(from.conditions()));
        conditions.forEach(condition -> addEquality(condition, items));
        select.from().ifPresent(from -> addUsing(from, items));
        select.outputs().stream()
            .flatMap(output -> output.windows().stream())
            .forEach(
                window -> window.partition().forEach(expression -> addLookUp(expression, items)));
        select.distinct().on().forEach(expression -> addLookUp(expression, items));
        select.nested().forEach(nested -> addJoins(nested, items));
      }
    }
  }

  private void addEquality(Expression condition, Map<String, From.Item> items) {
    long joined = condition.columns().stream().map(ColumnRef::alias).distinct().count();
    boolean isEquality =
        SqlTokens.of(condition.ownSql()).stream().anyMatch(token -> token.isSymbol("="));
    if (joined == 2 && condition.columns().size() == 2 && isEquality && !condition.hasQueries()) {
      condition.columns().forEach(column -> addColumn(column, items));
    }
  }

  private void addUsing(From from, Map<String, From.Item> items) {
    if (from instanceof From.Join join) {
      for (String column : join.using()) {
        for (From.Item item : join.items()) {
          if (item.columns().contains(column)) {
            addColumn(new ColumnRef(item.alias(), column), items);
          }
        }
      }
      addUsing(join.left(), items);
      addUsing(join.right(), items);
    }
  }
}
