package dev.freshet.read.query;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of a model. Two that ask the same in other words of one form are equal.
 *
 * @param selected the values wanted, in order; empty for all columns
 * @param where which rows are wanted
 * @param order what to sort by, first first, down to the model's key where it has one
 * @param limit most rows wanted, or null
 * @param offset rows to pass over
 * @param seek from where on, or null for the beginning
 */
public record ModelQuery(
    List<Selected> selected,
    Condition where,
    List<Order> order,
    @Nullable Long limit,
    long offset,
    @Nullable Seek seek) {

  /**
   * One member of the order.
   *
   * @param nulls where nulls come, or null for PostgreSQL's own choice
   */
  public record Order(Field field, boolean descending, @Nullable Nulls nulls) {

    /** Whether nulls come before all values. */
    public boolean isNullsFirst() {
      return nulls == null ? descending : nulls == Nulls.FIRST;
    }

    /** The same the other way round. */
    public Order reversed() {
      return new Order(field, !descending, isNullsFirst() ? Nulls.LAST : Nulls.FIRST);
    }
  }

  /** Where nulls come. */
  public enum Nulls {
    FIRST,
    LAST
  }

  public ModelQuery {
    selected = List.copyOf(selected);
    order = List.copyOf(order);
  }

  /** Whether it asks for groups of rows. */
  public boolean isGrouped() {
    return selected.stream().anyMatch(Selected.Aggregated.class::isInstance);
  }

  /** The values by which rows are one group. */
  public List<Selected.Value> groups() {
    return selected.stream()
        .filter(Selected.Value.class::isInstance)
        .map(Selected.Value.class::cast)
        .toList();
  }

  /** The same of one row. */
  ModelQuery byKey(Condition key) {
    return new ModelQuery(selected, key, List.of(), null, 0, null);
  }

  /** The same with all columns. */
  public ModelQuery ofAllColumns() {
    return new ModelQuery(List.of(), where, order, limit, offset, seek);
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
        selected, where, order, last == null ? null : Long.valueOf(last - first + 1), first, seek);
  }
}
