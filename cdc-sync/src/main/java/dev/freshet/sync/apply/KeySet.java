package dev.freshet.sync.apply;

import dev.freshet.sync.model.TableName;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Columns by which rows are picked, with their types, and the SQL that picks rows by a list of
 * their values.
 *
 * <p>The values are bound as one {@code text[]} for each column.
 */
record KeySet(List<String> columns, List<String> types) {

  KeySet {
    columns = List.copyOf(columns);
    types = List.copyOf(types);
  }

  /**
   * A condition on a column qualified by {@code alias}, for a single column without nulls; binds
   * {@link #arrays}. It is what PostgreSQL pushes down through GROUP BY to the tables' indexes.
   */
  String anyOf(String alias) {
    return "%s = any(?::text[]::%s[])".formatted(column(alias, 0), types.getFirst());
  }

  /** The values as rows of a SELECT, its columns named as these; binds {@link #arrays}. */
  String rows() {
    return "select %s from unnest(%s) u(%s)"
        .formatted(
            IntStream.range(0, columns.size())
                .mapToObj(
                    i ->
                        "k%d::%s as %s"
                            .formatted(i, types.get(i), TableName.quoted(columns.get(i))))
                .collect(Collectors.joining(", ")),
            columns.stream().map(c -> "?::text[]").collect(Collectors.joining(", ")),
            IntStream.range(0, columns.size())
                .mapToObj(i -> "k" + i)
                .collect(Collectors.joining(", ")));
  }

  /**
   * A SELECT of a table's rows with these values, each looked up by itself: values in the list are
   * distinct and not null. Binds {@link #arrays}.
   */
  String lookUp(String table) {
    return "select t.* from (%s) k join %s t on %s".formatted(rows(), table, same("t", "k", false));
  }

  /** A condition that two rows have the same values in these columns. */
  String same(String alias, String other, boolean nullsAreSame) {
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

  /** The arrays to bind for these values, one for each column. */
  List<@Nullable String[]> arrays(Collection<? extends List<? extends @Nullable String>> keys) {
    return IntStream.range(0, columns.size())
        .<@Nullable String[]>mapToObj(
            i -> keys.stream().map(key -> (String) key.get(i)).toArray(String[]::new))
        .toList();
  }

  String list() {
    return columns.stream().map(TableName::quoted).collect(Collectors.joining(", "));
  }

  private String column(String alias, int i) {
    return alias + "." + TableName.quoted(columns.get(i));
  }
}
