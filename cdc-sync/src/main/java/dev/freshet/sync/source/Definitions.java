package dev.freshet.sync.source;

import dev.freshet.file.SqlTokens;
import dev.freshet.sync.model.TableName;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Follows the names in definitions to the definitions that these name. */
public final class Definitions {

  private Definitions() {}

  /**
   * Functions, and those that their definitions name.
   *
   * @param named looks up those of one of these names
   */
  public static List<UserFunction> functions(
      Set<String> names, Function<Set<String>, List<UserFunction>> named) {
    Map<String, UserFunction> found = new LinkedHashMap<>();
    Set<String> asked = new HashSet<>();
    Set<String> next = names;
    while (!next.isEmpty()) {
      asked.addAll(next);
      Set<String> mentioned = new HashSet<>();
      for (UserFunction function : named.apply(next)) {
        if (found.putIfAbsent(function.signature(), function) == null) {
          // Its body stands between quotes that PostgreSQL makes.
          mentioned.addAll(
              SqlTokens.namesIn(function.definition().replaceAll("\\$functionx*\\$", " ")));
        }
      }
      mentioned.removeAll(asked);
      next = mentioned;
    }
    return List.copyOf(found.values());
  }

  /**
   * Views, and those that they read, before the views that read them.
   *
   * @param named looks up those of one of these names
   */
  public static List<UserView> views(
      Set<String> names, Function<Set<String>, List<UserView>> named) {
    Map<TableName, UserView> all = new LinkedHashMap<>();
    Set<String> asked = new HashSet<>();
    Set<String> next = new HashSet<>(names);
    while (!next.isEmpty()) {
      asked.addAll(next);
      Set<String> mentioned = new HashSet<>();
      for (UserView view : named.apply(next)) {
        all.put(view.name(), view);
        mentioned.addAll(SqlTokens.namesIn(view.definition()));
      }
      mentioned.removeAll(asked);
      next = mentioned;
    }
    Map<TableName, UserView> inOrder = new LinkedHashMap<>();
    all.values().forEach(view -> addWithThoseItReads(view, all, new HashSet<>(), inOrder));
    return List.copyOf(inOrder.values());
  }

  private static void addWithThoseItReads(
      UserView view,
      Map<TableName, UserView> all,
      Set<TableName> begun,
      Map<TableName, UserView> inOrder) {
    if (inOrder.containsKey(view.name()) || !begun.add(view.name())) {
      return;
    }
    Set<String> named = SqlTokens.namesIn(view.definition());
    all.values().stream()
        .filter(other -> named.contains(other.name().name()))
        .forEach(other -> addWithThoseItReads(other, all, begun, inOrder));
    inOrder.put(view.name(), view);
  }

  /**
   * Those of some tables that are partitions of others of them, each as a SELECT over the topmost
   * of these.
   */
  public static List<UserView> partitionsWithin(
      Collection<TableName> tables, Collection<Partition> partitions) {
    Map<TableName, Partition> byName = new HashMap<>();
    partitions.forEach(partition -> byName.put(partition.name(), partition));
    return tables.stream()
        .sorted()
        .flatMap(table -> Optional.ofNullable(byName.get(table)).stream())
        .flatMap(partition -> withinTopmost(partition, tables).stream())
        .toList();
  }

  private static Optional<UserView> withinTopmost(
      Partition partition, Collection<TableName> tables) {
    return partition.ancestors().reversed().stream()
        .filter(tables::contains)
        .findFirst()
        .map(
            top ->
                new UserView(
                    partition.name(),
                    partition.columns(),
                    SqlTokens.statement(
                        "select %s from %s where %s"
                            .formatted(
                                partition.columns().stream()
                                    .map(TableName::quoted)
                                    .collect(Collectors.joining(", ")),
                                top.quoted(),
                                partition.condition()))));
  }
}
