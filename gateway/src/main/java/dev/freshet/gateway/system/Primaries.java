package dev.freshet.gateway.system;

import dev.freshet.protocol.PositionReport;
import reactor.core.publisher.Flux;

/** Those that should be the primary. */
@FunctionalInterface
public interface Primaries {

  /**
   * A report, and who made it.
   *
   * @param source an instance's id, or what else tells those apart that report
   */
  record Answer(String source, PositionReport report) {}

  /** Asks them where they are, one after the other. */
  Flux<Answer> ask();

  /**
   * Whether positions are told here at all: the primary's database is named, or an instance tells
   * positions by its configuration or its last report. Then a write that nobody can place breaks a
   * promise. Where nobody tells any, nothing is promised, and no write is held to it.
   */
  default boolean arePositionsTold() {
    return true;
  }
}
