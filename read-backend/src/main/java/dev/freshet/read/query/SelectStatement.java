package dev.freshet.read.query;

import dev.freshet.read.model.Model;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A SELECT and its values.
 *
 * @param sql text with one {@code ?} for each value
 * @param values the values in order, in PostgreSQL's text form, to be bound without a type
 */
public record SelectStatement(String sql, List<String> values) {

  public SelectStatement {
    values = List.copyOf(values);
  }

  /** The rows of a model that a query asks for, at most {@code limit} of them. */
  static SelectStatement of(Model model, ModelQuery query, long limit) {
    List<String> values = new ArrayList<>();
    String columns =
        query.columns().isEmpty()
            ? "*"
            : query.columns().stream().map(Model::quoted).collect(Collectors.joining(", "));
    String where =
        query.filters().stream()
            .map(filter -> condition(model, filter, values))
            .collect(Collectors.joining(" and "));
    String order =
        Stream.concat(
                query.order().stream().map(SelectStatement::orderMember),
                // so that pages don't overlap and every copy answers alike
                model.key().stream().map(Model::quoted))
            .collect(Collectors.joining(", "));
    return new SelectStatement(
        "select "
            + columns
            + " from "
            + model.quotedName()
            + (where.isEmpty() ? "" : " where " + where)
            + (order.isEmpty() ? "" : " order by " + order)
            + " limit "
            + limit
            + " offset "
            + query.offset(),
        values);
  }

  /** All rows as one JSON array: columns {@code body} and {@code rows}, the number of them. */
  public static SelectStatement array(Model model, ModelQuery query, long limit) {
    SelectStatement rows = of(model, query, limit);
    return new SelectStatement(
        "select coalesce(json_agg(row_to_json(r)), '[]')::text as body, count(*) as rows from ("
            + rows.sql
            + ") r",
        rows.values);
  }

  /**
   * One row as a JSON object: columns {@code body} and {@code version}; no row when there is none.
   */
  public static SelectStatement object(Model model, ModelQuery query) {
    SelectStatement row =
        of(model, new ModelQuery(List.of(), query.filters(), List.of(), null, 0), 1);
    String body =
        query.columns().isEmpty()
            ? "row_to_json(r)"
            : "(select row_to_json(c) from (select "
                + query.columns().stream()
                    .map(column -> "r." + Model.quoted(column))
                    .collect(Collectors.joining(", "))
                + ") c)";
    String version = model.version() == null ? "null" : "r." + Model.quoted(model.version());
    return new SelectStatement(
        "select %s::text as body, %s::text as version from (%s) r"
            .formatted(body, version, row.sql),
        row.values);
  }

  private static String orderMember(ModelQuery.Order order) {
    return Model.quoted(order.column())
        + (order.descending() ? " desc" : "")
        + (order.nulls() == null ? "" : " nulls " + order.nulls());
  }

  private static String condition(Model model, Filter filter, List<String> values) {
    String column = Model.quoted(filter.column());
    String type = model.columns().get(filter.column());
    String condition =
        switch (filter) {
          case Filter.Comparison comparison -> {
            values.add(comparison.value());
            yield "%s %s ?::%s".formatted(column, comparison.operator(), type);
          }
          case Filter.In in -> {
            values.addAll(in.values());
            yield in.values().isEmpty()
                ? "false"
                : column
                    + " in ("
                    + String.join(", ", Collections.nCopies(in.values().size(), "?::" + type))
                    + ")";
          }
          case Filter.Is is -> "%s is %s".formatted(column, is.predicate());
          case Filter.Matches matches -> {
            values.add(matches.pattern());
            yield "%s %s ?::text".formatted(column, matches.operator());
          }
        };
    return filter.negated() ? "not (" + condition + ")" : condition;
  }
}
