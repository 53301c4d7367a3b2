package dev.freshet.gateway.report;

import dev.freshet.protocol.Position;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** How fast positions and counts move, by what was seen of them within a few seconds. */
final class Movement {

  /** Two seconds hold two of the transactions that an idle system has to arrive at. */
  private static final long STILL_NANOS = Duration.ofSeconds(2).toNanos();

  private static final long WINDOW_NANOS = Duration.ofSeconds(10).toNanos();

  private static final double NANOS_PER_SECOND = 1e9;

  private final LongSupplier nanoTime;
  private final Map<String, Deque<Seen>> seen = new HashMap<>();

  Movement(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  private record Seen(long value, long nanos) {}

  /** Forgets all others. */
  void retain(Set<String> names) {
    seen.keySet().retainAll(names);
  }

  void seen(String name, @Nullable String position) {
    if (position != null) {
      seen(name, Position.parse(position).lsn().value());
    }
  }

  void seen(String name, long value) {
    long now = nanoTime.getAsLong();
    Deque<Seen> known = seen.computeIfAbsent(name, ignored -> new ArrayDeque<>());
    while (known.size() > 1 && now - known.getFirst().nanos > WINDOW_NANOS) {
      known.removeFirst();
    }
    known.addLast(new Seen(value, now));
  }

  /** How much it grows; null while that is unknown, or when it has begun again. */
  @Nullable Double perSecond(String name) {
    Deque<Seen> known = seen.get(name);
    if (known == null || known.size() < 2) {
      return null;
    }
    Seen first = known.getFirst();
    Seen last = known.getLast();
    return last.value < first.value || last.nanos == first.nanos
        ? null
        : (last.value - first.value) * NANOS_PER_SECOND / (last.nanos - first.nanos);
  }

  /** Whether it has been where it is for so long that something holds it. */
  boolean isStill(String name) {
    Deque<Seen> known = seen.get(name);
    if (known == null) {
      return false;
    }
    Seen last = known.getLast();
    for (Seen one : known) {
      if (one.value == last.value) {
        return last.nanos - one.nanos >= STILL_NANOS;
      }
    }
    return false;
  }
}
