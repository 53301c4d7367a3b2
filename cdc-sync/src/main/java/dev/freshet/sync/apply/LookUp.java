package dev.freshet.sync.apply;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a model's rows with some keys are recomputed: key by key, or all of the SELECT's rows at
 * once, of which those with the keys are taken.
 *
 * <p>Key by key costs as much as the rows where PostgreSQL can pass a key on to the tables, and as
 * much as the whole SELECT for each key where it can't, as below most window functions. Its own
 * estimates tell which it is.
 */
final class LookUp {

  /** Up to as many keys are looked up one by one, unasked. */
  private static final int FEW = 8;

  /** For how long an answer is believed: tables grow. */
  private static final Duration BELIEVED = Duration.ofMinutes(1);

  /** The total cost in what EXPLAIN says first. */
  private static final Pattern COST = Pattern.compile("cost=[0-9.]+\\.\\.([0-9.]+)");

  private record Decision(boolean isTogether, long atNanos) {}

  private final ModelTable.Replacement oneByOne;
  private final ModelTable.Replacement together;
  private final Map<Integer, Decision> byMagnitude = new HashMap<>();

  LookUp(ModelTable.Replacement oneByOne, ModelTable.Replacement together) {
    this.oneByOne = oneByOne;
    this.together = together;
  }

  /** The one way there is. */
  static LookUp of(ModelTable.Replacement only) {
    return new LookUp(only, only);
  }

  ModelTable.Replacement oneByOne() {
    return oneByOne;
  }

  /**
   * The cheaper one.
   *
   * @param keys how many keys there are
   * @param arrays their values
   */
  ModelTable.Replacement cheaper(Sql sql, int keys, List<@Nullable String[]> arrays) {
    if (keys <= FEW || oneByOne.equals(together)) {
      return oneByOne;
    }
    int magnitude = Integer.SIZE - Integer.numberOfLeadingZeros(keys);
    Decision known = byMagnitude.get(magnitude);
    if (known == null || System.nanoTime() - known.atNanos() > BELIEVED.toNanos()) {
      boolean isTogether = cost(sql, together, arrays) < cost(sql, oneByOne, arrays);
      known = new Decision(isTogether, System.nanoTime());
      byMagnitude.put(magnitude, known);
    }
    return known.isTogether() ? together : oneByOne;
  }

  private static double cost(
      Sql sql, ModelTable.Replacement statement, List<@Nullable String[]> arrays) {
    List<List<@Nullable String>> plan =
        sql.query("explain with %s select from fresh".formatted(statement.fresh()), arrays);
    Matcher cost = COST.matcher(String.valueOf(plan.getFirst().getFirst()));
    if (!cost.find()) {
      throw new IllegalStateException("EXPLAIN says no cost, but " + plan.getFirst());
    }
    return Double.parseDouble(cost.group(1));
  }
}
