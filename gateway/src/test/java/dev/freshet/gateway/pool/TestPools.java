package dev.freshet.gateway.pool;

import dev.freshet.gateway.wire.BackendWire;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.util.unit.DataSize;
import reactor.netty.resources.LoopResources;

/** Pools without databases, to which nobody connects. */
public final class TestPools {

  private static final LoopResources NO_LOOPS = LoopResources.create("none", 1, true);

  private TestPools() {}

  /** The instances of one pool. */
  public static List<Instance> of(InstanceSpec... specs) {
    return Stream.of(specs)
        .map(
            spec ->
                new Instance(
                    spec,
                    null,
                    new Connections(
                        spec,
                        Duration.ofSeconds(1),
                        new BackendWire(DataSize.ofKilobytes(64)),
                        NO_LOOPS),
                    Clock.systemUTC()))
        .toList();
  }
}
