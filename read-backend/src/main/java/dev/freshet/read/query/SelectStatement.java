package dev.freshet.read.query;

import dev.freshet.read.model.Model;
import java.util.List;

/**
 * A SELECT and its values.
 *
 * <p>A column may be called as an alias is: an alias stands for its row as {@code r.*} and before a
 * column as {@code r."…"} alone, because a bare {@code r} is the column where there is one.
 *
 * @param sql text with one {@code ?} for each value
 * @param values the values in order, in PostgreSQL's text form, to be bound without a type
 */
public record SelectStatement(String sql, List<String> values) {

  private static final Condition ANYTHING = new Condition.All(List.of());

  public SelectStatement {
    values = List.copyOf(values);
  }

  /** The rows of a model that a query asks for, at most {@code limit} of them. */
  static SelectStatement of(Model model, ModelQuery query, long limit) {
    SqlText sql = new SqlText(model).add("select ");
    if (query.selected().isEmpty()) {
      sql.add("*");
    } else {
      sql.selected("m", query.selected());
    }
    sql.add(" from ").add(model.quotedName()).add(" m");
    where(sql, query);
    String before = " order by ";
    for (ModelQuery.Order order : query.order()) {
      sql.add(before).order("m", order);
      before = ", ";
    }
    // So that pages don't overlap and every copy answers alike.
    for (String column : model.key()) {
      sql.add(before).field("m", Field.of(column));
      before = ", ";
    }
    return sql.add(" limit " + limit + " offset " + query.offset()).statement();
  }

  private static void where(SqlText sql, ModelQuery query) {
    if (!query.where().equals(ANYTHING)) {
      sql.add(" where ").condition("m", query.where());
    }
  }

  /**
   * All rows in one body: columns {@code body}, {@code rows}, the number of them, and {@code
   * total}, the number of those that the filters let through, or null.
   *
   * @param isCounted whether the total is wanted
   */
  public static SelectStatement rows(
      Model model, ModelQuery query, long limit, boolean isCounted, Representation representation) {
    SqlText sql = new SqlText(model).add("select ");
    switch (representation) {
      case JSON -> sql.add("coalesce(json_agg(row_to_json(r.*)), '[]')::text");
      case CSV ->
          sql.bind(Csv.header(shown(model, query)))
              .add(
                  "::text || coalesce(string_agg(e'\\n' || %s, ''), '')"
                      .formatted(Csv.line("r", shown(model, query))));
    }
    sql.add(" as body, count(*) as rows, ");
    if (isCounted) {
      sql.add("(select count(*) from ").add(model.quotedName()).add(" m");
      where(sql, query);
      sql.add(")");
    } else {
      sql.add("null::bigint");
    }
    return sql.add(" as total from (").add(of(model, query, limit)).add(") r").statement();
  }

  /** One row by itself: columns {@code body} and {@code version}; no row when there is none. */
  public static SelectStatement row(Model model, ModelQuery query, Representation representation) {
    SqlText sql = new SqlText(model).add("select (");
    switch (representation) {
      case JSON -> {
        if (query.selected().isEmpty()) {
          sql.add("row_to_json(r.*)");
        } else {
          sql.add("(select row_to_json(c.*) from (select ")
              .selected("r", query.selected())
              .add(") c)");
        }
      }
      case CSV ->
          sql.bind(Csv.header(shown(model, query)))
              .add("::text || e'\\n' || (select ")
              .add(Csv.line("c", shown(model, query)))
              .add(" from (select ")
              .selected("r", values(model, query))
              .add(") c)");
    }
    sql.add(")::text as body, ");
    if (model.version() == null) {
      sql.add("null");
    } else {
      sql.field("r", Field.of(model.version()));
    }
    return sql.add("::text as version from (")
        .add(of(model, query.ofAllColumns(), 1))
        .add(") r")
        .statement();
  }

  /** The values of an answer, also where they are all columns. */
  private static List<Selected> values(Model model, ModelQuery query) {
    return query.selected().isEmpty()
        ? model.columns().keySet().stream().map(Selected::column).toList()
        : query.selected();
  }

  /** What they are called. */
  private static List<String> shown(Model model, ModelQuery query) {
    return values(model, query).stream().map(Selected::name).toList();
  }
}
