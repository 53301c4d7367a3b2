package dev.freshet.gateway.live;

import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.gateway.pool.Panic;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.routing.Routes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What is different between two editions of the routes, in words. */
final class Changes {

  private Changes() {}

  static List<String> between(Routes before, Routes after) {
    List<String> changes = new ArrayList<>();
    Map<String, Object> were = routes(before);
    Map<String, Object> are = routes(after);
    compare("route", were, are, changes);
    compare("instance", instances(before), instances(after), changes);
    compare("pool", panics(before), panics(after), changes);
    List<String> orderBefore = were.keySet().stream().filter(are::containsKey).toList();
    if (!orderBefore.equals(are.keySet().stream().filter(were::containsKey).toList())) {
      changes.add("the order of the routes changed");
    }
    if (!Objects.equals(before.primary(), after.primary())) {
      changes.add("the primary's database changed");
    }
    if (!Objects.equals(before.issuer(), after.issuer())) {
      changes.add("the issuer of tokens changed");
    }
    if (!before.sync().equals(after.sync())) {
      changes.add("the addresses of cdc-syncs changed");
    }
    return changes;
  }

  private static Map<String, Object> routes(Routes routes) {
    Map<String, Object> byId = new LinkedHashMap<>();
    for (Route route : routes.all()) {
      byId.put(route.id(), route);
    }
    return byId;
  }

  /** With the pool that it is in. */
  private static Map<String, Object> instances(Routes routes) {
    Map<String, Object> byId = new LinkedHashMap<>();
    routes
        .pools()
        .forEach(
            (pool, instances) -> {
              for (InstanceSpec instance : instances) {
                byId.put(instance.id(), Map.entry(pool, instance));
              }
            });
    return byId;
  }

  /** Of pools that are in both. */
  private static Map<String, Object> panics(Routes routes) {
    Map<String, Object> byPool = new LinkedHashMap<>();
    routes.pools().keySet().stream()
        .sorted()
        .forEach(pool -> byPool.put(pool, routes.panics().getOrDefault(pool, Panic.USUAL)));
    return byPool;
  }

  private static void compare(
      String what, Map<String, Object> before, Map<String, Object> after, List<String> changes) {
    after.forEach(
        (id, value) -> {
          if (!before.containsKey(id)) {
            changes.add("%s %s was added".formatted(what, id));
          } else if (!value.equals(before.get(id))) {
            changes.add("%s %s changed".formatted(what, id));
          }
        });
    before.keySet().stream()
        .filter(id -> !after.containsKey(id))
        .forEach(id -> changes.add("%s %s was removed".formatted(what, id)));
  }
}
