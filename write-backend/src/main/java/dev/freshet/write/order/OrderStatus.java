package dev.freshet.write.order;

import java.util.Locale;
import java.util.Set;

/** The states of an order, and the moves between them. */
enum OrderStatus {
  PLACED,
  PREPARING,
  READY,
  SERVED,
  CANCELLED;

  static OrderStatus parse(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }

  String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  Set<OrderStatus> next() {
    return switch (this) {
      case PLACED -> Set.of(PREPARING, CANCELLED);
      case PREPARING -> Set.of(READY, CANCELLED);
      case READY -> Set.of(SERVED, CANCELLED);
      case SERVED, CANCELLED -> Set.of();
    };
  }

  /** Whether the kitchen still takes further dishes for the order. */
  boolean takesItems() {
    return this == PLACED || this == PREPARING;
  }
}
