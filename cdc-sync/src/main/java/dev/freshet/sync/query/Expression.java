package dev.freshet.sync.query;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.model.TableName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An expression.
 *
 * @param parts its SQL, with the queries that stand in it
 * @param columns that it mentions, itself or in its queries: of items around it, not of these
 *     queries' own
 */
public record Expression(List<Part> parts, Set<ColumnRef> columns) {

  /** Copies the collections, in their order. */
  public Expression {
    parts = List.copyOf(parts);
    columns = new LinkedHashSet<>(columns);
  }

  /** A piece of an expression. */
  public sealed interface Part {

    String sql();
  }

  /** A piece of SQL without queries. */
  public record Text(String sql) implements Part {}

  /** A query; the brackets around it are text. */
  public record Nested(Query query) implements Part {

    @Override
    public String sql() {
      return query.sql();
    }
  }

  /** A column of an item. */
  public static Expression of(ColumnRef column) {
    return new Expression(
        List.of(
            new Text(TableName.quoted(column.alias()) + "." + TableName.quoted(column.column()))),
        Set.of(column));
  }

  /** What several mention. */
  public static Set<ColumnRef> columnsOf(Collection<Expression> expressions) {
    Set<ColumnRef> columns = new LinkedHashSet<>();
    expressions.forEach(expression -> columns.addAll(expression.columns()));
    return columns;
  }

  /** SQL that mentions no column of an item. */
  static Expression ofText(String sql) {
    return new Expression(List.of(new Text(sql)), Set.of());
  }

  public String sql() {
    return parts.stream().map(Part::sql).collect(Collectors.joining());
  }

  /** The SQL with a null for each query: what is left is of its own level. */
  public String ownSql() {
    return parts.stream()
        .map(part -> part instanceof Nested ? "null" : part.sql())
        .collect(Collectors.joining());
  }

  public List<Query> queries() {
    List<Query> queries = new ArrayList<>();
    for (Part part : parts) {
      if (part instanceof Nested nested) {
        queries.add(nested.query());
      }
    }
    return queries;
  }

  public boolean hasQueries() {
    return parts.stream().anyMatch(Nested.class::isInstance);
  }

  public boolean mentions(Set<String> aliases) {
    return columns.stream().anyMatch(column -> aliases.contains(column.alias()));
  }

  /** Whether it is a column and nothing else. */
  public boolean isColumn() {
    return columns.size() == 1
        && !hasQueries()
        && SqlTokens.of(sql()).stream().allMatch(token -> token.isName() || token.isSymbol("."));
  }
}
