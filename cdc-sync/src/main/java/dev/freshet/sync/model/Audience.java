package dev.freshet.sync.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who sees what of a model. Where there are policies, a role sees the rows that one of its own lets
 * through, and without one none.
 *
 * @param hidden by role, the columns that it does not see
 */
public record Audience(List<Policy> policies, Map<String, List<String>> hidden) {

  /** Whoever may read the relation sees all of it. */
  public static final Audience EVERYBODY = new Audience(List.of(), Map.of());

  /**
   * Rows that a role sees.
   *
   * @param to the role
   * @param using an SQL condition on the model's columns
   */
  public record Policy(String to, String using) {}

  public Audience {
    policies = List.copyOf(policies);
    hidden = new TreeMap<>(hidden);
  }

  /** Whether it is left to the relation's privileges. */
  public boolean isEverybody() {
    return policies.isEmpty() && hidden.isEmpty();
  }

  /** The roles that it names. */
  public List<String> roles() {
    TreeSet<String> roles = new TreeSet<>(hidden.keySet());
    policies.forEach(policy -> roles.add(policy.to()));
    return List.copyOf(roles);
  }

  /**
   * The columns that a role sees; all where none is hidden from it.
   *
   * @param columns of the relation
   * @throws SyncRefused when a column is hidden that there is not
   */
  public List<String> visible(String role, List<String> columns) {
    List<String> hiddenHere = hidden.getOrDefault(role, List.of());
    hiddenHere.stream()
        .filter(column -> !columns.contains(column))
        .findFirst()
        .ifPresent(
            column -> {
              throw new SyncRefused(
                  "hide names the column %s, and the result has none of that name. It has %s."
                      .formatted(column, String.join(", ", columns)));
            });
    List<String> visible = new ArrayList<>(columns);
    visible.removeAll(hiddenHere);
    return visible;
  }
}
