package dev.freshet.sync.query;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What names mean at some place: items whose columns can be mentioned there, and what WITH names;
 * those of the query, and of queries around it.
 */
final class Scope {

  private final @Nullable Scope around;
  private final List<From.Item> items = new ArrayList<>();
  private final Map<String, WithQuery> commons = new HashMap<>();

  /** Starts with what can be mentioned around; null where nothing is. */
  Scope(@Nullable Scope around) {
    this.around = around;
  }

  /**
   * What WITH names.
   *
   * @param columns as the clause names them; empty where it does not
   * @param recursive the WITH clause up to it, when it mentions itself; else empty
   */
  record WithQuery(Query query, List<String> columns, String recursive) {}

  void add(String name, WithQuery common) {
    commons.put(name, common);
  }

  Optional<WithQuery> common(String name) {
    WithQuery own = commons.get(name);
    return own != null || around == null ? Optional.ofNullable(own) : around.common(name);
  }

  void add(From.Item item) {
    if (items.stream().anyMatch(other -> other.alias().equals(item.alias()))) {
      throw new IllegalArgumentException(
          "'%s' names two items of FROM; give each an alias of its own".formatted(item.alias()));
    }
    items.add(item);
  }

  List<From.Item> items() {
    return items;
  }

  /** The item of this alias, the nearest first. */
  Optional<From.Item> item(String alias) {
    Optional<From.Item> own = items.stream().filter(item -> item.alias().equals(alias)).findFirst();
    return own.isPresent() || around == null ? own : around.item(alias);
  }

  /** All columns that a name without an alias can mean: one, or the two of a merged column. */
  Set<ColumnRef> columns(String name) {
    Set<ColumnRef> own =
        items.stream()
            .filter(item -> item.columns().contains(name))
            .map(item -> new ColumnRef(item.alias(), name))
            .collect(Collectors.toSet());
    if (own.isEmpty()) {
      // Nobody knows the columns of these.
      own =
          items.stream()
              .filter(item -> item.columns().isEmpty())
              .map(item -> new ColumnRef(item.alias(), name))
              .collect(Collectors.toSet());
    }
    return own.isEmpty() && around != null ? around.columns(name) : own;
  }

  /** All columns of an item; the item as a whole where nobody knows them. */
  static Set<ColumnRef> all(From.Item item) {
    return item.columns().isEmpty()
        ? Set.of(new ColumnRef(item.alias(), "*"))
        : item.columns().stream()
            .map(column -> new ColumnRef(item.alias(), column))
            .collect(Collectors.toSet());
  }
}
