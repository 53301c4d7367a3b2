package dev.freshet.sync.query;

import dev.freshet.sync.model.TableName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * One SELECT.
 *
 * @param from what it reads; empty when that is nothing
 * @param where the conjuncts of WHERE
 * @param having empty without HAVING
 * @param windows the definitions of WINDOW; empty without
 * @param orderBy what stands behind ORDER BY; empty without
 * @param order its expressions, without their directions
 * @param cut LIMIT, OFFSET and FETCH; empty without
 */
public record Select(
    List<Output> outputs,
    Optional<From> from,
    List<Expression> where,
    Grouping grouping,
    Optional<Expression> having,
    Distinct distinct,
    Optional<Expression> windows,
    Optional<Expression> orderBy,
    List<Expression> order,
    Optional<Expression> cut)
    implements Query {

  public Select {
    outputs = List.copyOf(outputs);
    where = List.copyOf(where);
    order = List.copyOf(order);
  }

  /**
   * A column of the result.
   *
   * @param name no other has it
   * @param aggregated whether it is made of several rows of FROM
   * @param windows the window functions that it calls
   * @param ordered the aggregates that it calls with an order
   */
  public record Output(
      String name,
      Expression expression,
      boolean aggregated,
      List<Window> windows,
      List<OrderedCall> ordered) {

    public Output {
      windows = List.copyOf(windows);
      ordered = List.copyOf(ordered);
    }
  }

  /**
   * What GROUP BY says.
   *
   * @param by its expressions; none without GROUP BY, and where they are several sets
   * @param sets the clause as it is, when it has grouping sets
   * @param ofAll whether all rows make one group, as aggregates without GROUP BY have it
   */
  public record Grouping(List<Expression> by, Optional<Expression> sets, boolean ofAll) {

    public Grouping {
      by = List.copyOf(by);
    }

    /** Whether rows are grouped at all. */
    public boolean isThere() {
      return ofAll || sets.isPresent() || !by.isEmpty();
    }

    String sql() {
      return sets.map(Expression::sql)
          .orElseGet(() -> by.stream().map(Expression::sql).collect(Collectors.joining(", ")));
    }
  }

  /**
   * What DISTINCT says.
   *
   * @param on the expressions of DISTINCT ON; none without
   */
  public record Distinct(boolean isThere, List<Expression> on) {

    public Distinct {
      on = List.copyOf(on);
    }

    String sql() {
      return !isThere
          ? ""
          : on.isEmpty()
              ? "distinct "
              : on.stream()
                  .map(Expression::sql)
                  .collect(Collectors.joining(", ", "distinct on (", ") "));
    }
  }

  @Override
  public List<String> columns() {
    return outputs.stream().map(Output::name).toList();
  }

  public Optional<Output> output(String name) {
    return outputs.stream().filter(output -> output.name().equals(name)).findFirst();
  }

  /** All expressions of its own level, those of FROM among them. */
  public List<Expression> expressions() {
    List<Expression> all = new ArrayList<>();
    outputs.forEach(output -> all.add(output.expression()));
    from.ifPresent(joined -> all.addAll(joined.conditions()));
    all.addAll(where);
    all.addAll(grouping.by());
    all.addAll(distinct.on());
    for (Optional<Expression> clause : List.of(grouping.sets(), having, windows, orderBy, cut)) {
      clause.ifPresent(all::add);
    }
    return all;
  }

  /** The queries that stand in it, in expressions and in FROM. */
  public List<Query> nested() {
    List<Query> nested = new ArrayList<>();
    expressions().forEach(expression -> nested.addAll(expression.queries()));
    from.ifPresent(
        joined ->
            joined.forEachItem(
                item -> {
                  if (item instanceof From.Derived derived) {
                    nested.add(derived.query());
                  }
                }));
    return nested;
  }

  @Override
  public Set<TableName> tables() {
    Set<TableName> tables = new TreeSet<>();
    from.ifPresent(joined -> tables.addAll(joined.tables()));
    expressions().forEach(e -> e.queries().forEach(query -> tables.addAll(query.tables())));
    return tables;
  }

  @Override
  public Set<ColumnRef> outer() {
    Set<ColumnRef> outer = Expression.columnsOf(expressions());
    from.ifPresent(joined -> joined.forEachItem(item -> outer.addAll(item.mentioned())));
    from.ifPresent(
        joined -> {
          Set<String> own = joined.aliases();
          outer.removeIf(column -> own.contains(column.alias()));
        });
    return outer;
  }

  @Override
  public String sql() {
    StringBuilder sql = new StringBuilder("select ").append(distinct.sql());
    sql.append(
        outputs.stream()
            .map(output -> output.expression().sql() + " as " + TableName.quoted(output.name()))
            .collect(Collectors.joining(", ")));
    from.ifPresent(joined -> sql.append(" from ").append(joined.sql()));
    sql.append(whereSql(where));
    if (!grouping.sql().isEmpty()) {
      sql.append(" group by ").append(grouping.sql());
    }
    having.ifPresent(condition -> sql.append(" having ").append(condition.sql()));
    windows.ifPresent(definitions -> sql.append(" window ").append(definitions.sql()));
    orderBy.ifPresent(order -> sql.append(" order by ").append(order.sql()));
    cut.ifPresent(limit -> sql.append(' ').append(limit.sql()));
    return sql.toString();
  }

  /** A WHERE clause; empty where there are no conditions. */
  public static String whereSql(List<Expression> conditions) {
    return conditions.isEmpty()
        ? ""
        : conditions.stream()
            .map(condition -> "(" + condition.sql() + ")")
            .collect(Collectors.joining(" and ", " where ", ""));
  }
}
