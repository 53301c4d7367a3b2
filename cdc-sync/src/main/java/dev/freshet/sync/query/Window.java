package dev.freshet.sync.query;

import java.util.List;

/**
 * A call of a window function.
 *
 * @param function its name
 * @param partition the expressions of PARTITION BY
 * @param order those of ORDER BY
 * @param countsRows whether its frame counts rows, so that their order decides what is in it
 */
public record Window(
    String function, List<Expression> partition, List<Expression> order, boolean countsRows) {

  public Window {
    partition = List.copyOf(partition);
    order = List.copyOf(order);
  }
}
