package dev.freshet.gateway.pool;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/** Things that are opened for their first user and closed after their last. */
public final class Shared<K, V> implements AutoCloseable {

  private final Function<K, V> open;
  private final Consumer<V> close;
  private final Map<K, Used<V>> used = new HashMap<>();

  private static final class Used<V> {
    private final V value;
    private int users;

    Used(V value) {
      this.value = value;
    }
  }

  /** Has none open yet. */
  public Shared(Function<K, V> open, Consumer<V> close) {
    this.open = open;
    this.close = close;
  }

  /** Takes one into use; {@link #release} gives it back. */
  public synchronized V use(K key) {
    Used<V> one = used.computeIfAbsent(key, absent -> new Used<>(open.apply(absent)));
    one.users++;
    return one.value;
  }

  /** Whether somebody uses it. */
  public synchronized boolean isUsed(K key) {
    return used.containsKey(key);
  }

  /** All that somebody uses. */
  public synchronized List<V> inUse() {
    return used.values().stream().map(one -> one.value).toList();
  }

  /** Gives one back. */
  public void release(K key) {
    List<V> unused = new ArrayList<>(1);
    synchronized (this) {
      Used<V> one = used.get(key);
      // None when all have been closed.
      if (one != null && --one.users == 0) {
        used.remove(key);
        unused.add(one.value);
      }
    }
    unused.forEach(close);
  }

  @Override
  public void close() {
    List<V> all;
    synchronized (this) {
      all = inUse();
      used.clear();
    }
    all.forEach(close);
  }
}
