package dev.freshet.gateway.live;

import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.pool.Pool;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.gateway.routing.Route;
import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.SourceKind;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The generation that is in force. */
public final class LiveRoutes {

  private final AtomicReference<@Nullable Generation> current = new AtomicReference<>();

  /** The one in force; empty before the first. */
  public Optional<Generation> current() {
    return Optional.ofNullable(current.get());
  }

  /** Begins a request on the generation in force; {@link Generation#leave} ends it. */
  public Generation enter() {
    while (true) {
      Generation generation = Objects.requireNonNull(current.get(), "a first generation");
      if (generation.enter()) {
        return generation;
      }
      // It has been replaced since.
    }
  }

  /** Puts one in force; requests from now on begin on it. */
  void swap(Generation next) {
    Generation before = current.getAndSet(next);
    if (before != null) {
      before.retire();
    }
  }

  /** The pools that routes send clients' requests to, by name; mirrors' are none of them. */
  public Map<String, Pool> usedPools() {
    Map<String, Pool> used = new TreeMap<>();
    for (Intent intent : Intent.values()) {
      used.putAll(usedPools(intent));
    }
    return used;
  }

  private Map<String, Pool> usedPools(Intent intent) {
    Map<String, Pool> used = new TreeMap<>();
    current()
        .ifPresent(
            now -> {
              for (Route route : now.routes().all()) {
                route.pool(intent).ifPresent(pool -> used.put(pool, now.pools().pool(pool)));
              }
            });
    return used;
  }

  /** The instances that routes send requests of an intent to. */
  public Set<Instance> serving(Intent intent) {
    Set<Instance> serving = new LinkedHashSet<>();
    usedPools(intent).values().forEach(pool -> serving.addAll(pool.instances()));
    return serving;
  }

  /** How far the primary is, as those tell that stand on it; empty while none does. */
  public Optional<Position> primary() {
    return Stream.concat(
            current().flatMap(Generation::primary).stream()
                .flatMap(primary -> Optional.ofNullable(primary.position()).stream()),
            instances().stream()
                .filter(instance -> instance.spec().kind() == SourceKind.PRIMARY)
                .filter(instance -> instance.health().state() == Instance.State.READY)
                .flatMap(instance -> Optional.ofNullable(instance.health().position()).stream()))
        .max(
            Comparator.comparingInt(Position::timeline)
                .thenComparing(Position::lsn, Lsn::compareTo));
  }

  /** The instances in use; none before the first generation. */
  public List<Instance> instances() {
    return current().map(generation -> generation.pools().all()).orElse(List.of());
  }
}
