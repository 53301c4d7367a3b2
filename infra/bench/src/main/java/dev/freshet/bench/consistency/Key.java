package dev.freshet.bench.consistency;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** An order, to which values are appended: dishes whose quantities are unique in it. */
final class Key {

  /** The value that an order is placed with. */
  static final int FIRST_VALUE = 1;

  private final String id;
  private final AtomicInteger last = new AtomicInteger(FIRST_VALUE);
  private final List<Acknowledged> acknowledged = new ArrayList<>();
  private Set<Integer> stored = Set.of();

  /**
   * An order that was just placed.
   *
   * @param id the order's
   */
  Key(String id) {
    this.id = id;
  }

  String id() {
    return id;
  }

  /**
   * A value whose write was answered with success.
   *
   * @param at the position in the answer's token
   * @param answeredNanos when the answer was there
   */
  record Acknowledged(int value, TokenPosition at, long answeredNanos) {}

  /** A value that no other write of this order has. */
  int nextValue() {
    return last.incrementAndGet();
  }

  synchronized Acknowledged acknowledge(int value, TokenPosition at, long nanos) {
    Acknowledged now = new Acknowledged(value, at, nanos);
    acknowledged.add(now);
    return now;
  }

  /** How a value was acknowledged; null when it was not, or not yet. */
  synchronized @Nullable Acknowledged acknowledged(int value) {
    return acknowledged.stream().filter(a -> a.value() == value).findFirst().orElse(null);
  }

  /** What was acknowledged before a moment. */
  synchronized List<Acknowledged> acknowledgedBefore(long nanos) {
    return acknowledged.stream().filter(a -> a.answeredNanos() < nanos).toList();
  }

  /** What the primary has in the end. */
  synchronized void stored(Set<Integer> values) {
    stored = Set.copyOf(values);
  }

  /**
   * Whether the primary has a value in the end; one that is acknowledged past a loss may be there.
   */
  synchronized boolean isStored(int value) {
    return stored.contains(value);
  }
}
