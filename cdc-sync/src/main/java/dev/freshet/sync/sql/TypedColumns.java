package dev.freshet.sync.sql;

import dev.freshet.sync.model.TableName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Columns with their types, and the SQL by which rows of their values, bound as one {@code text[]}
 * for each column, are inserted, looked up or compared.
 */
public record TypedColumns(List<String> columns, List<String> types) {

  /** What all rows have in common, as ORDER BY, PARTITION BY and indexes take it. */
  public static final String ONLY = "(true)";

  public TypedColumns {
    columns = List.copyOf(columns);
    types = List.copyOf(types);
  }

  /** These columns and one more. */
  public TypedColumns and(String column, String type) {
    List<String> moreColumns = new ArrayList<>(columns);
    moreColumns.add(column);
    List<String> moreTypes = new ArrayList<>(types);
    moreTypes.add(type);
    return new TypedColumns(moreColumns, moreTypes);
  }

  /**
   * A SELECT of a query's rows with these values, for a single column without nulls; binds {@link
   * #arrays}. It is what PostgreSQL pushes down through GROUP BY to the tables' indexes.
   */
  public String anyOf(String select) {
    if (types.getFirst().endsWith("[]")) {
      return eachOf(select, false); // an array of arrays is no list of arrays
    }
    return "select * from (%s) q where %s = any(?::text[]::%s[])"
        .formatted(select, column("q", 0), types.getFirst());
  }

  /**
   * The same for any columns, value by value: OFFSET 0 keeps the subquery one, into which
   * PostgreSQL then passes the single value on. Values that are equal and look different are looked
   * up once.
   */
  public String eachOf(String select, boolean nulls) {
    return "select r.* from (%s) k cross join lateral (select * from (%s) q where %s offset 0) r"
        .formatted(distinctRows(), select, same("q", "k", nulls));
  }

  /** The same of all its rows at once, from which the values are then picked. */
  public String amongAllOf(String select, boolean nulls) {
    return "select q.* from (%s) q join (%s) k on %s"
        .formatted(select, distinctRows(), same("q", "k", nulls));
  }

  private String distinctRows() {
    return "select distinct * from (%s) v".formatted(rows());
  }

  /** The values as rows of a SELECT, its columns named as these; binds {@link #arrays}. */
  public String rows() {
    return "select %s from unnest(%s) u(%s)"
        .formatted(
            IntStream.range(0, columns.size())
                .mapToObj(
                    i ->
                        "v%d::%s as %s"
                            .formatted(i, types.get(i), TableName.quoted(columns.get(i))))
                .collect(Collectors.joining(", ")),
            columns.stream().map(c -> "?::text[]").collect(Collectors.joining(", ")),
            IntStream.range(0, columns.size())
                .mapToObj(i -> "v" + i)
                .collect(Collectors.joining(", ")));
  }

  /**
   * A SELECT of a table's rows with these values, each looked up by itself: values in the list are
   * distinct and not null. Binds {@link #arrays}.
   */
  public String lookUp(String table) {
    return "select t.* from (%s) k join %s t on %s".formatted(rows(), table, same("t", "k", false));
  }

  /** A condition that two rows have the same values in these columns, if there are any. */
  public String same(String alias, String other, boolean nullsAreSame) {
    if (columns.isEmpty()) {
      return "true";
    }
    return IntStream.range(0, columns.size())
        .mapToObj(
            i ->
                "%s %s %s"
                    .formatted(
                        column(alias, i),
                        nullsAreSame ? "is not distinct from" : "=",
                        column(other, i)))
        .collect(Collectors.joining(" and "));
  }

  /** That none of the columns is null. */
  public String notNull(String alias) {
    if (columns.isEmpty()) {
      return "true";
    }
    return IntStream.range(0, columns.size())
        .mapToObj(i -> column(alias, i) + " is not null")
        .collect(Collectors.joining(" and "));
  }

  /** The arrays to bind for these rows. */
  public List<@Nullable String[]> arrays(
      Collection<? extends List<? extends @Nullable String>> rows) {
    return arrays(columns.size(), rows);
  }

  /** Rows of this many values as one array for each column. */
  public static List<@Nullable String[]> arrays(
      int width, Collection<? extends List<? extends @Nullable String>> rows) {
    List<@Nullable String[]> arrays = new ArrayList<>(width);
    for (int column = 0; column < width; column++) {
      @Nullable String[] values = new @Nullable String[rows.size()];
      int place = 0;
      for (List<? extends @Nullable String> row : rows) {
        values[place++] = row.get(column);
      }
      arrays.add(values);
    }
    return arrays;
  }

  /** A statement that inserts rows of texts into a table of so many text columns. */
  public static String insertTexts(String table, int width) {
    return "insert into %s select * from unnest(%s)"
        .formatted(table, String.join(", ", Collections.nCopies(width, "?::text[]")));
  }

  /** The columns' names, quoted, as a list; a constant where there are none. */
  public String list() {
    return columns.isEmpty()
        ? ONLY
        : columns.stream().map(TableName::quoted).collect(Collectors.joining(", "));
  }

  private String column(String alias, int i) {
    return alias + "." + TableName.quoted(columns.get(i));
  }
}
