package dev.freshet.read.sql;

import dev.freshet.read.model.Model;
import dev.freshet.read.query.Field;
import dev.freshet.read.query.ModelQuery;
import dev.freshet.read.query.Representation;
import dev.freshet.read.query.Selected;
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
record SelectStatement(String sql, List<String> values) {

  SelectStatement {
    values = List.copyOf(values);
  }

  /** One row by itself: columns {@code body} and {@code version}; no row when there is none. */
  static SelectStatement row(Model model, ModelQuery query, Representation form) {
    SqlText sql = new SqlText(model, query).add("select (");
    if (form == Representation.CSV) {
      sql.bind(Csv.header(names(model, query)))
          .add("::text || e'\\n' || (select ")
          .add(Csv.line("c", names(model, query)))
          .add(" from (select ")
          .selected("r", values(model, query))
          .add(") c)");
    } else {
      sql.add(form.isWithoutNulls() ? "json_strip_nulls(" : "(");
      if (query.selected().isEmpty()) {
        sql.add("row_to_json(r.*)");
      } else {
        sql.add("(select row_to_json(c.*) from (select ")
            .selected("r", query.selected())
            .add(") c)");
      }
      sql.add(")");
    }
    sql.add(")::text as body, ");
    if (model.version() == null) {
      sql.add("null");
    } else {
      sql.field("r", Field.of(model.version()));
    }
    return sql.add("::text as version from (select ")
        .rows(query.ofAllColumns())
        .add(" limit 1) r")
        .statement();
  }

  /** What the planner is asked to guess the number of rows of. */
  static SelectStatement counted(Model model, ModelQuery query) {
    return new SqlText(model, query).add("select ").counted(query).statement();
  }

  /** The values of an answer, also where they are all columns. */
  static List<Selected> values(Model model, ModelQuery query) {
    return query.selected().isEmpty()
        ? model.columns().keySet().stream().map(Selected::column).toList()
        : query.selected();
  }

  /** What they are called. */
  static List<String> names(Model model, ModelQuery query) {
    return values(model, query).stream().map(Selected::name).toList();
  }
}
