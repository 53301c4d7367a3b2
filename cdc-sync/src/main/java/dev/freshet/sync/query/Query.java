package dev.freshet.sync.query;

import dev.freshet.sync.model.TableName;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** A query with named columns. */
public sealed interface Query permits Select, Query.Combined, Query.Values {

  /** The columns' names, in order; one that comes twice has another name the second time. */
  List<String> columns();

  String sql();

  /** The tables that it mentions anywhere. */
  Set<TableName> tables();

  /** The columns of queries around it that it mentions. */
  Set<ColumnRef> outer();

  /**
   * Several queries put together by UNION, INTERSECT or EXCEPT, column by column.
   *
   * @param operators between each two branches
   * @param tail ORDER BY and what comes behind it, by names of the result's columns
   * @param isCut whether that takes some of the rows only
   */
  record Combined(List<Query> branches, List<String> operators, String tail, boolean isCut)
      implements Query {

    public Combined {
      branches = List.copyOf(branches);
      operators = List.copyOf(operators);
    }

    @Override
    public List<String> columns() {
      return branches.getFirst().columns();
    }

    @Override
    public String sql() {
      StringBuilder sql = new StringBuilder();
      for (int i = 0; i < branches.size(); i++) {
        sql.append(i == 0 ? "" : " " + operators.get(i - 1) + " ")
            .append('(')
            .append(branches.get(i).sql())
            .append(')');
      }
      return tail.isEmpty() ? sql.toString() : sql + " " + tail;
    }

    @Override
    public Set<TableName> tables() {
      Set<TableName> tables = new TreeSet<>();
      branches.forEach(branch -> tables.addAll(branch.tables()));
      return tables;
    }

    @Override
    public Set<ColumnRef> outer() {
      Set<ColumnRef> outer = new LinkedHashSet<>();
      branches.forEach(branch -> outer.addAll(branch.outer()));
      return outer;
    }
  }

  /** Rows that are written down. */
  record Values(List<String> columns, Expression expression) implements Query {

    public Values {
      columns = List.copyOf(columns);
    }

    @Override
    public String sql() {
      return expression.sql();
    }

    @Override
    public Set<TableName> tables() {
      return expression.queries().stream()
          .flatMap(query -> query.tables().stream())
          .collect(Collectors.toCollection(TreeSet::new));
    }

    @Override
    public Set<ColumnRef> outer() {
      return expression.columns();
    }
  }
}
