package dev.freshet.read.sql;

import dev.freshet.read.model.Model;
import dev.freshet.read.query.ModelQuery;
import dev.freshet.read.query.Representation;
import dev.freshet.read.query.Seek;
import dev.freshet.read.query.Selected;
import dev.freshet.read.store.Count;
import dev.freshet.read.store.Question;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Writes the statement for many rows in one body.
 *
 * <p>Its columns are {@code body}, null where it would be longer than {@link #MOST_BYTES}; {@code
 * rows}, the number of rows; {@code bytes}, their length; {@code total}, the number of those that
 * the filters let through, or null; and {@code near} and {@code far}, which are what the rows at
 * the two ends of a page are sorted by: far from where it began, and there only where more rows
 * follow. To see that, one row more is read than the page has.
 */
final class RowsStatement {

  /** What columns are called that are not of the answer, with a number; nobody's are called so. */
  private static final String HIDDEN = "freshet: ";

  /** Longer answers are read row by row. */
  static final int MOST_BYTES = 4 * 1024 * 1024;

  private static final String BYTES = "coalesce(sum(octet_length(t.j)), 0)";
  private static final String IS_SHORT = "%s <= %d".formatted(BYTES, MOST_BYTES);
  private static final String TEXTS_END = " p offset 0) t";

  private final Model model;
  private final ModelQuery query;
  private final Representation form;
  private final Count count;
  private final long limit;
  private final long mostCounted;
  private final @Nullable Seek seek;

  /** Whether a page is read with its rows, and not with what they are sorted by alone. */
  private final boolean areRowsRead;

  /** What the rows' columns are called. */
  private final List<String> names;

  /** Sort values that the rows' own columns don't have. */
  private final List<ModelQuery.Order> hidden;

  private RowsStatement(Question question, long limit, long mostCounted, boolean areRowsRead) {
    this.model = question.model();
    this.query = question.query();
    this.form = question.form();
    this.count = question.count();
    this.limit = limit;
    this.mostCounted = mostCounted;
    this.seek = query.seek();
    this.areRowsRead = areRowsRead;
    List<Selected> values = SelectStatement.values(model, query);
    this.names = values.stream().map(Selected::name).toList();
    this.hidden =
        isOnly()
            ? List.of()
            : query.order().stream()
                .filter(
                    member ->
                        !areRowsRead
                            || !member.field().path().isEmpty()
                            || !values.contains(Selected.column(member.field().column())))
                .toList();
  }

  /**
   * Writes it.
   *
   * @param limit most rows of the answer
   * @param mostCounted up to where an estimate is counted; the total is one more where there are
   *     more
   */
  static SelectStatement of(Question question, long limit, long mostCounted) {
    RowsStatement statement = new RowsStatement(question, limit, mostCounted, true);
    return statement.isOnly() ? statement.only() : statement.page();
  }

  /**
   * The same without a body: columns {@code rows}, {@code total}, {@code near} and {@code far}.
   *
   * @param limit most rows of the answer
   * @param mostCounted as in {@link #of}
   */
  static SelectStatement ends(Question question, long limit, long mostCounted) {
    RowsStatement statement = new RowsStatement(question, limit, mostCounted, false);
    return statement.isOnly() ? statement.onlyCounted() : statement.pageWithoutRows();
  }

  /**
   * The rows themselves, in order: column {@code line}, a text for each.
   *
   * @param limit most rows of the answer
   */
  static SelectStatement lines(Question question, long limit) {
    RowsStatement statement = new RowsStatement(question, limit, 0, true);
    return statement.isOnly() ? statement.onlyLines() : statement.linesOfPage();
  }

  private boolean isOnly() {
    return query.isGrouped() || form.isSingular() || model.key().isEmpty();
  }

  private SelectStatement onlyCounted() {
    SqlText sql =
        new SqlText(model, query).add("select (select count(*) from (select ").rows(query);
    sql.add(" limit " + limit + " offset " + query.offset() + ") n) as rows, ");
    return total(sql).add(" as total, null::text[] as near, null::text[] as far").statement();
  }

  private SelectStatement onlyLines() {
    SqlText sql =
        new SqlText(model, query).add("select ").add(line("p")).add(" as line from (select ");
    return sql.rows(query).add(" limit " + limit + " offset " + query.offset() + ") p").statement();
  }

  private SelectStatement pageWithoutRows() {
    SqlText sql = withPage(new SqlText(model, query)).add("select ");
    sql.add("(select least(count(*), " + limit + ") from r) as rows, ");
    return ends(sql).statement();
  }

  private SelectStatement linesOfPage() {
    SqlText sql = withPage(new SqlText(model, query)).add("select ");
    return sql.add(line("p")).add(" as line from ").add(ofPage()).add(" p").statement();
  }

  private SelectStatement only() {
    SqlText sql = new SqlText(model, query).add("select ");
    body(sql).add(", ");
    total(sql).add(" as total, null::text[] as near, null::text[] as far from (");
    texts(sql, "(select ");
    return sql.rows(query)
        .add(" limit " + limit + " offset " + query.offset() + ")")
        .add(TEXTS_END)
        .statement();
  }

  private SelectStatement page() {
    SqlText sql = withPage(new SqlText(model, query)).add("select a.*, ");
    ends(sql).add(" from (select ");
    body(sql).add(" from (");
    return texts(sql, ofPage()).add(TEXTS_END).add(") a").statement();
  }

  /** What the rows at the ends of a page are sorted by, and the total. */
  private SqlText ends(SqlText sql) {
    total(sql).add(" as total, ");
    sql.add(seek == null ? "null::text[]" : "(select %s from r limit 1)".formatted(sortValues("r")))
        .add(" as near, ");
    return sql.add(
            limit == 0
                ? "null::text[]"
                : "(select %s from r where exists (select from r offset %d) offset %d limit 1)"
                    .formatted(sortValues("r"), limit, limit - 1))
        .add(" as far");
  }

  /** The page's rows, and the one behind them. */
  private SqlText withPage(SqlText sql) {
    sql.add("with r as materialized (select ");
    String comma = "";
    if (areRowsRead) {
      sql.values(query);
      comma = ", ";
    }
    for (int i = 0; i < hidden.size(); i++) {
      sql.add(comma).field("m", hidden.get(i).field()).add(" as " + hiddenColumn(i));
      comma = ", ";
    }
    sql.filtered(query, seek);
    String before = " order by ";
    for (ModelQuery.Order member : sql.sorted(query)) {
      int place = hidden.indexOf(seek != null && seek.isBackwards() ? member.reversed() : member);
      sql.add(before);
      if (place < 0) {
        sql.order("m", member);
      } else {
        sql.add(SqlText.direction(hiddenColumn(place), member)); // computed once
      }
      before = ", ";
    }
    return sql.add(" limit " + (limit + 1) + " offset " + query.offset() + ") ");
  }

  /** The page's rows in the query's order: those before a place were read from it on. */
  private String ofPage() {
    String rows = "(select * from r limit %d)".formatted(limit);
    return seek == null || !seek.isBackwards()
        ? rows
        : "(select * from %s q%s)"
            .formatted(
                rows,
                query.order().stream()
                    .map(member -> SqlText.direction("q." + column(member), member))
                    .collect(Collectors.joining(", ", " order by ", "")));
  }

  private static String hiddenColumn(int place) {
    return Model.quoted(HIDDEN + place);
  }

  /** The column of the page's rows that has the sort value. */
  private String column(ModelQuery.Order member) {
    int place = hidden.indexOf(member);
    return place < 0 ? Model.quoted(member.field().column()) : hiddenColumn(place);
  }

  private String sortValues(String alias) {
    return query.order().stream()
        .map(member -> "%s.%s::text".formatted(alias, column(member)))
        .collect(Collectors.joining(", ", "array[", "]"));
  }

  /** The rows as texts one after the other, from what {@link #texts} begins. */
  private SqlText body(SqlText sql) {
    if (form.isSingular()) {
      sql.add("case when count(*) = 1 then min(t.j) end");
    } else if (form == Representation.CSV) {
      sql.add("case when %s then ".formatted(IS_SHORT))
          .bind(Csv.header(names))
          .add("::text || coalesce(string_agg(e'\\n' || t.j, ''), '') end");
    } else {
      sql.add(
          "case when %s then '[' || coalesce(string_agg(t.j, ', '), '') || ']' end"
              .formatted(IS_SHORT));
    }
    return sql.add(" as body, count(*) as rows, %s as bytes".formatted(BYTES));
  }

  /**
   * Begins a table {@code t} of rows' texts {@code j}. What follows are the rows, and {@link
   * #TEXTS_END}, which keeps PostgreSQL from making each text again for each use of it.
   */
  private SqlText texts(SqlText sql, String rows) {
    return sql.add("select ").add(line("p")).add(" as j from ").add(rows);
  }

  /** A row's text. */
  private String line(String alias) {
    if (form == Representation.CSV) {
      return Csv.line(alias, names);
    }
    String object =
        hidden.isEmpty()
            ? "row_to_json(%s.*)".formatted(alias)
            : "(select row_to_json(c.*) from (select %s) c)"
                .formatted(
                    names.stream()
                        .map(name -> alias + "." + Model.quoted(name))
                        .collect(Collectors.joining(", ")));
    return (form.isWithoutNulls() ? "json_strip_nulls(%s)".formatted(object) : object) + "::text";
  }

  private SqlText total(SqlText sql) {
    return switch (count) {
      case NONE, PLANNED -> sql.add("null::bigint");
      case EXACT -> sql.add("(select count(*) from (select ").counted(query).add(") n)");
      case ESTIMATED ->
          sql.add("(select count(*) from (select ")
              .counted(query)
              .add(" limit " + (mostCounted + 1) + ") n)");
    };
  }
}
