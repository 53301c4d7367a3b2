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
 * <p>A column may be called as an alias is: an alias stands for its row as {@code r.*} and before a
 * column as {@code r."…"} alone, because a bare {@code r} is the column where there is one.
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
    String where = where(model, query, values);
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
            + where
            + (order.isEmpty() ? "" : " order by " + order)
            + " limit "
            + limit
            + " offset "
            + query.offset(),
        values);
  }

  /**
   * All rows in one body: columns {@code body}, {@code rows}, the number of them, and {@code
   * total}, the number of those that the filters let through, or null.
   *
   * @param isCounted whether the total is wanted
   */
  public static SelectStatement rows(
      Model model, ModelQuery query, long limit, boolean isCounted, Representation representation) {
    List<String> values = new ArrayList<>();
    String body =
        switch (representation) {
          case JSON -> "coalesce(json_agg(row_to_json(r.*)), '[]')::text";
          case CSV -> {
            values.add(Csv.header(shown(model, query)));
            yield "?::text || coalesce(string_agg(e'\\n' || %s, ''), '')"
                .formatted(Csv.line("r", shown(model, query)));
          }
        };
    String total = "null::bigint";
    if (isCounted) {
      total =
          "(select count(*) from %s%s)".formatted(model.quotedName(), where(model, query, values));
    }
    SelectStatement rows = of(model, query, limit);
    values.addAll(rows.values);
    return new SelectStatement(
        "select %s as body, count(*) as rows, %s as total from (%s) r"
            .formatted(body, total, rows.sql),
        values);
  }

  /** One row by itself: columns {@code body} and {@code version}; no row when there is none. */
  public static SelectStatement row(Model model, ModelQuery query, Representation representation) {
    List<String> values = new ArrayList<>();
    SelectStatement row =
        of(model, new ModelQuery(List.of(), query.filters(), List.of(), null, 0), 1);
    String body =
        switch (representation) {
          case JSON -> query.columns().isEmpty() ? "row_to_json(r.*)" : objectOf(query.columns());
          case CSV -> {
            values.add(Csv.header(shown(model, query)));
            yield "?::text || e'\\n' || " + Csv.line("r", shown(model, query));
          }
        };
    values.addAll(row.values);
    String version = model.version() == null ? "null" : "r." + Model.quoted(model.version());
    return new SelectStatement(
        "select (%s)::text as body, %s::text as version from (%s) r"
            .formatted(body, version, row.sql),
        values);
  }

  private static String objectOf(List<String> columns) {
    return "(select row_to_json(c.*) from (select %s) c)"
        .formatted(
            columns.stream()
                .map(column -> "r." + Model.quoted(column))
                .collect(Collectors.joining(", ")));
  }

  /** The columns that an answer has, in order. */
  private static List<String> shown(Model model, ModelQuery query) {
    return query.columns().isEmpty() ? List.copyOf(model.columns().keySet()) : query.columns();
  }

  private static String where(Model model, ModelQuery query, List<String> values) {
    return query.filters().isEmpty()
        ? ""
        : query.filters().stream()
            .map(filter -> condition(model, filter, values))
            .collect(Collectors.joining(" and ", " where ", ""));
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
