package dev.freshet.gateway.live;

import dev.freshet.gateway.pool.Instance;
import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.SourceKind;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
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

  /** How far the primary was when those that stand on it were last heard of; empty if never. */
  public Optional<Position> primary() {
    return Stream.concat(
            current().flatMap(Generation::primary).stream()
                .flatMap(primary -> Optional.ofNullable(primary.position()).stream()),
            instances().stream()
                .filter(instance -> instance.spec().kind() == SourceKind.PRIMARY)
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
