package dev.freshet.sync.query;

import java.util.List;

/**
 * A call of an aggregate with ORDER BY among its arguments.
 *
 * @param function its name
 * @param argument what stands before ORDER BY
 * @param order the expressions of ORDER BY
 */
public record OrderedCall(String function, Expression argument, List<Expression> order) {

  public OrderedCall {
    order = List.copyOf(order);
  }
}
