package dev.freshet.sync.analysis;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A node of a query tree, as PostgreSQL prints it in a {@code pg_node_tree}.
 *
 * @param name such as QUERY or VAR
 * @param fields by name: a {@code Node}, a {@code List} of such values, a {@code String}, or null
 */
record Node(String name, Map<String, @Nullable Object> fields) {

  boolean is(String other) {
    return name.equals(other);
  }

  /** A field's text; empty where it has none. */
  String text(String field) {
    return fields.get(field) instanceof String text ? text : "";
  }

  /** A field's number; 0 where it has none. */
  long number(String field) {
    String text = text(field);
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  boolean isTrue(String field) {
    return text(field).equals("true");
  }

  /** Whether a field has a value at all. */
  boolean has(String field) {
    return fields.get(field) != null;
  }

  /** The nodes of a field that is a list, or the one that it is. */
  List<Node> nodes(String field) {
    return nodesIn(fields.get(field));
  }

  static List<Node> nodesIn(@Nullable Object value) {
    if (value instanceof Node node) {
      return List.of(node);
    }
    return value instanceof List<?> list
        ? list.stream().filter(Node.class::isInstance).map(Node.class::cast).toList()
        : List.of();
  }

  /** The node that a field is. */
  Optional<Node> node(String field) {
    return fields.get(field) instanceof Node node ? Optional.of(node) : Optional.empty();
  }

  /** Hands on each node directly below this one. */
  void children(Consumer<Node> each) {
    fields.values().forEach(value -> children(value, each));
  }

  private static void children(@Nullable Object value, Consumer<Node> each) {
    if (value instanceof Node node) {
      each.accept(node);
    } else if (value instanceof List<?> list) {
      list.forEach(element -> children(element, each));
    }
  }
}
