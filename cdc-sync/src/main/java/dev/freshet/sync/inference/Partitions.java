package dev.freshet.sync.inference;

import dev.freshet.sync.query.ColumnRef;
import dev.freshet.sync.query.Expression;
import dev.freshet.sync.query.From;
import dev.freshet.sync.query.Select;
import dev.freshet.sync.query.Select.Output;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The partitions within which rows of a SELECT decide on each other: those of its window functions,
 * and of DISTINCT ON.
 *
 * <p>What a touched row decides on is in the partitions that it is in, before the change or after
 * it. So all rows of these partitions are found, by one more join with FROM.
 */
final class Partitions {

  private final Select select;
  private final Set<List<Expression>> all;

  private Partitions(Select select, Set<List<Expression>> all) {
    this.select = select;
    this.all = all;
  }

  static Partitions of(Select select) {
    Set<List<Expression>> all = new LinkedHashSet<>();
    select
        .outputs()
        .forEach(output -> output.windows().forEach(window -> all.add(window.partition())));
    if (!select.distinct().on().isEmpty()) {
      all.add(select.distinct().on());
    }
    return new Partitions(select, all);
  }

  boolean isNone() {
    return all.isEmpty();
  }

  /** Whether all rows are in one partition, or nobody can tell in which. */
  boolean areOfAll() {
    return all.stream()
        .anyMatch(by -> by.isEmpty() || by.stream().anyMatch(Expression::hasQueries));
  }

  List<Expression> expressions() {
    return all.stream().flatMap(List::stream).toList();
  }

  /** The columns of the result that are the same in all rows of a partition, whichever. */
  Set<String> shared() {
    Set<String> shared = new LinkedHashSet<>();
    for (Output output : select.outputs()) {
      boolean isInAll =
          all.stream()
              .allMatch(by -> by.stream().anyMatch(e -> e.sql().equals(output.expression().sql())));
      if (isInAll) {
        shared.add(output.name());
      }
    }
    return shared;
  }

  /**
   * All rows of the partitions that touched rows are in.
   *
   * @param list what to select of them
   * @return SELECTs whose rows belong together; empty when the partitions can't be told
   */
  Optional<List<String>> rows(TouchedRows touched, String list) {
    List<String> found = new ArrayList<>();
    for (List<Expression> by : all) {
      Optional<String> partitions = touched(touched, by);
      if (partitions.isEmpty()) {
        return Optional.empty();
      }
      found.add(rowsOf(by, partitions.get(), list, false));
      found.add(rowsOf(by, partitions.get(), list, true));
    }
    return Optional.of(found);
  }

  private static Optional<String> touched(TouchedRows touched, List<Expression> by) {
    if (!by.stream().allMatch(touched::knows)) {
      return Optional.empty();
    }
    Set<ColumnRef> columns = Expression.columnsOf(by);
    List<TouchedRows.Found> rows =
        touched
            .rows(columns)
            .filter(one -> by.stream().noneMatch(e -> e.mentions(one.form().changing())))
            .map(List::of)
            .orElseGet(() -> touched.withNulls(columns));
    if (rows.isEmpty()) {
      return Optional.empty();
    }
    List<String> list = new ArrayList<>();
    for (int i = 0; i < by.size(); i++) {
      list.add(by.get(i).sql() + " as p" + i);
    }
    return Optional.of(
        rows.stream()
            .map(one -> "select distinct %s from %s".formatted(String.join(", ", list), one.sql()))
            .collect(Collectors.joining(" union ")));
  }

  /** Equality finds rows by an index, and never those with a null. */
  private String rowsOf(List<Expression> by, String touched, String list, boolean withNulls) {
    List<String> same = new ArrayList<>();
    List<String> isNull = new ArrayList<>();
    for (int i = 0; i < by.size(); i++) {
      same.add(
          "(%s) %s \"freshet touched\".p%d"
              .formatted(by.get(i).sql(), withNulls ? "is not distinct from" : "=", i));
      isNull.add("t.p%d is null".formatted(i));
    }
    String partitions =
        withNulls
            ? "select * from (%s) t where %s".formatted(touched, String.join(" or ", isNull))
            : touched;
    return "select %s from %s join (%s) \"freshet touched\" on %s%s"
        .formatted(
            list,
            select.from().map(From::sql).orElseThrow(),
            partitions,
            String.join(" and ", same),
            Select.whereSql(
                select.where().stream().filter(condition -> !condition.hasQueries()).toList()));
  }
}
