package dev.freshet.sync.inference;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.query.Expression;
import dev.freshet.sync.query.From;
import dev.freshet.sync.query.Query;
import dev.freshet.sync.query.Select;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether more rows of a table can take rows of a query away: a join can't, NOT EXISTS and counts
 * can. Where two items of a FROM lose rows by the same new row, neither leads to what is gone.
 */
final class Monotony {

  private Monotony() {}

  /**
   * Whether rows of two items may go at once because a row of this table comes: then either is
   * looked for among rows of the other that are gone, or not there yet.
   */
  static boolean hidesAnother(From from, From.Item item, TableName table) {
    return !isMonotone(item)
        && from.items().stream()
            .anyMatch(
                other ->
                    !other.equals(item) && !isMonotone(other) && other.tables().contains(table));
  }

  /**
   * The aliases of other items whose rows a row of the reduced one's table may hide or show, too,
   * while it does so for the reduced one: both are outer-joined, say.
   */
  static Set<String> alsoHidden(From from, Reduced reduced) {
    Set<String> nullable = Joined.nullable(from);
    if (!nullable.contains(reduced.item().alias()) && isMonotone(reduced.item())) {
      return Set.of();
    }
    return from.items().stream()
        .filter(item -> !item.equals(reduced.item()))
        .filter(item -> item.tables().contains(reduced.table()))
        .filter(item -> nullable.contains(item.alias()) || !isMonotone(item))
        .map(From.Item::alias)
        .collect(Collectors.toSet());
  }

  /** Whether rows of an item go only when rows that they are made of go. */
  private static boolean isMonotone(From.Item item) {
    return switch (item) {
      case From.Table ignored -> true;
      case From.Derived derived -> isMonotone(derived.query());
      case From.Opaque opaque -> opaque.tables().isEmpty();
    };
  }

  private static boolean isMonotone(Query query) {
    return switch (query) {
      case Query.Values ignored -> true;
      case Query.Combined combined ->
          !combined.isCut()
              && combined.operators().stream().allMatch(o -> SqlTokens.hasWord(o, "union"))
              && combined.branches().stream().allMatch(Monotony::isMonotone);
      case Select select ->
          select.having().isEmpty()
              && select.cut().isEmpty()
              && !select.grouping().ofAll()
              && select.outputs().stream().noneMatch(Select.Output::aggregated)
              && Partitions.of(select).isNone()
              && select.expressions().stream().noneMatch(Expression::hasQueries)
              && select.from().map(Monotony::isMonotoneFrom).orElse(true);
    };
  }

  private static boolean isMonotoneFrom(From from) {
    return switch (from) {
      case From.Item item -> isMonotone(item);
      case From.Join join ->
          join.kind() == From.Kind.INNER
              && isMonotoneFrom(join.left())
              && isMonotoneFrom(join.right());
    };
  }
}
