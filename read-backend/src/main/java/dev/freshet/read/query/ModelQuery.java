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

  /** The same query for one row by its key. */
  ModelQuery byKey(List<Filter> key) {
    return new ModelQuery(columns, key, List.of(), null, 0);
  }

  /**
   * What is asked for by this query and lies within a range of places, too.
   *
   * @return null when that is nothing, whatever rows there are
   */
  public @Nullable ModelQuery within(RowRange range) {
    long first = Math.max(offset, range.first());
    Long ownLast = limit == null ? null : Long.valueOf(offset + limit - 1);
    Long last = ownLast;
    if (range.last() != null && (ownLast == null || range.last() < ownLast)) {
      last = range.last();
    }
    if (last != null && last < first) {
      return limit != null && limit == 0 ? this : null;
    }
    return new ModelQuery(
        columns, filters, order, last == null ? null : Long.valueOf(last - first + 1), first);
  }
}
