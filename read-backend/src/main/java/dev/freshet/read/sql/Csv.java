package dev.freshet.read.sql;

import dev.freshet.read.model.Model;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Comma-separated values (RFC 4180). Null is nothing between two commas, and an empty text is
 * {@code ""}, as with PostgreSQL's COPY.
 */
final class Csv {

  private Csv() {}

  /** The first line. */
  static String header(List<String> columns) {
    return columns.stream().map(Csv::cell).collect(Collectors.joining(","));
  }

  private static String cell(String text) {
    return text.isEmpty() || text.chars().anyMatch(c -> "\",\r\n".indexOf(c) >= 0)
        ? '"' + text.replace("\"", "\"\"") + '"'
        : text;
  }

  /** An SQL expression of a row's line. */
  static String line(String alias, List<String> columns) {
    return columns.stream()
        .map(column -> cellOf("%s.%s::text".formatted(alias, Model.quoted(column))))
        .collect(Collectors.joining(" || ',' || "));
  }

  private static String cellOf(String text) {
    return "case when %1$s is null then '' when %1$s ~ e'^$|[\",\\r\\n]' then '\"' || replace(%1$s, '\"', '\"\"') || '\"' else %1$s end"
        .replace("%1$s", text);
  }
}
