package dev.freshet.sync.apply;

import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceTransaction;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Places of the source at which something is done: when everything up to there is applied, and
 * nothing after it.
 */
final class Stops {

  private final TreeMap<Place, Runnable> actions = new TreeMap<>();

  void add(Place place, Runnable action) {
    actions.merge(
        place,
        action,
        (first, second) ->
            () -> {
              first.run();
              second.run();
            });
  }

  /**
   * Applies what ends at or before a stop, acts on it, and goes on until no stop is left within.
   *
   * @param apply applies some of them
   * @return the rest, which no stop divides; it is not applied yet
   */
  List<SourceTransaction> act(
      List<SourceTransaction> transactions, Consumer<List<SourceTransaction>> apply) {
    List<SourceTransaction> rest = transactions;
    while (!actions.isEmpty() && rest.getLast().end().compareTo(actions.firstKey()) > 0) {
      Place stop = actions.firstKey();
      int before = 0;
      while (rest.get(before).end().compareTo(stop) <= 0) {
        before++;
      }
      if (before > 0) {
        apply.accept(rest.subList(0, before));
      }
      Runnable action = Objects.requireNonNull(actions.remove(stop));
      action.run();
      rest = rest.subList(before, rest.size());
    }
    return rest;
  }
}
