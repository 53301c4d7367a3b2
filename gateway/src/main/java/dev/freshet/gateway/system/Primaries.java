package dev.freshet.gateway.system;

import dev.freshet.protocol.PositionReport;
import reactor.core.publisher.Flux;

/** Those that should be the primary. */
@FunctionalInterface
public interface Primaries {

  /** Asks them where they are, one after the other. */
  Flux<PositionReport> ask();

  /**
   * Whether any of them is to tell, by its configuration or by its last report. Without one nobody
   * can say where a write stands, and no write is held to it.
   */
  default boolean areToTell() {
    return true;
  }
}
