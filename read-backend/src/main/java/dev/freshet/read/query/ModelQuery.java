package dev.freshet.read.query;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of a model.
 *
 * @param columns the columns wanted, in order; empty for all
 * @param filters conditions that all hold
 * @param order what to sort by, first first
 * @param limit most rows wanted, or null
 * @param offset rows to pass over
 */
public record ModelQuery(
    List<String> columns,
    List<Filter> filters,
    List<Order> order,
    @Nullable Long limit,
    long offset) {

  /**
   * One member of the order.
   *
   * @param nulls {@code first} or {@code last}, or null for PostgreSQL's own choice
   */
  public record Order(String column, boolean descending, @Nullable String nulls) {}

  public ModelQuery {
    columns = List.copyOf(columns);
    filters = List.copyOf(filters);
    order = List.copyOf(order);
  }
}
