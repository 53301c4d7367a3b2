package dev.freshet.gateway.pool;

import dev.freshet.gateway.wire.BackendWire;
import dev.freshet.protocol.SourceKind;
import java.net.URI;
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

  /** One instance on a port of this machine. */
  static Instance at(String id, int port) {
    return of(new InstanceSpec(
            id,
            Endpoint.of(URI.create("http://127.0.0.1:" + port)),
            SourceKind.PRIMARY,
            null,
            InstanceSpec.USUAL_WEIGHT,
            Limit.NONE))
        .getFirst();
  }

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
