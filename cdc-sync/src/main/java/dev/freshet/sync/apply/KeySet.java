package dev.freshet.sync.apply;

import dev.freshet.sync.model.TableName;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A key's columns and types, and the SQL that picks rows by a list of keys.
 *
 * <p>Keys are bound as one {@code text[]} for each column. {@code column = any(array)} is what
 * PostgreSQL pushes down to the base tables' indexes; for a composite key the columns are
 * restricted one by one so, and then exactly.
 */
record KeySet(List<String> columns, List<String> types) {

  KeySet {
    columns = List.copyOf(columns);
    types = List.copyOf(types);
  }

  /** A condition on columns qualified by {@code alias}; binds {@link #bind}. */
  String condition(String alias) {
    String each =
        IntStream.range(0, columns.size())
            .mapToObj(i -> "%s = any(?::text[]::%s[])".formatted(column(alias, i), types.get(i)))
            .collect(Collectors.joining(" and "));
    if (columns.size() == 1) {
      return each;
    }
    String row =
        IntStream.range(0, columns.size())
            .mapToObj(i -> column(alias, i))
            .collect(Collectors.joining(", ", "(", ")"));
    return each + " and " + row + " in (" + rows() + ")";
  }

  /** The keys as rows of a SELECT, their columns named as the key's; binds the arrays once. */
  private String rows() {
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
   * A SELECT of a table's rows with these keys, each looked up by itself: keys in the list are
   * distinct. Binds {@link #arrays}.
   */
  String lookUp(String table) {
    String sameKey =
        IntStream.range(0, columns.size())
            .mapToObj(i -> "%s = %s".formatted(column("t", i), column("k", i)))
            .collect(Collectors.joining(" and "));
    return "select t.* from (%s) k join %s t on %s".formatted(rows(), table, sameKey);
  }

  /** The arrays that {@link #condition} binds for these keys. */
  List<String[]> bind(Collection<List<String>> keys) {
    List<String[]> arrays = arrays(keys);
    return columns.size() == 1 ? arrays : Stream.concat(arrays.stream(), arrays.stream()).toList();
  }

  /** The arrays to bind for these keys, one for each column. */
  List<String[]> arrays(Collection<List<String>> keys) {
    return IntStream.range(0, columns.size())
        .mapToObj(i -> keys.stream().map(key -> key.get(i)).toArray(String[]::new))
        .toList();
  }

  private String column(String alias, int i) {
    return alias + "." + TableName.quoted(columns.get(i));
  }
}
