package dev.freshet.runtime.source;

import dev.freshet.protocol.Position;
import dev.freshet.protocol.SourceKind;
import dev.freshet.protocol.TimelineHistory;
import java.time.Duration;
import java.util.Optional;

/** What tells how far a copy is, however it is asked. */
public interface PositionSource extends AutoCloseable {

  /** What kind of copy it is. */
  SourceKind kind();

  /**
   * Begins to ask, on a connection or whatever takes its place, which is given back after a moment.
   *
   * @throws PositionUnknown when the copy can't be reached
   */
  Asking ask() throws PositionUnknown;

  /** How long to wait between two questions while somebody waits for a position. */
  default Duration askAgain() {
    return Duration.ofMillis(1);
  }

  /** What it means that no position was told. */
  default String whyNowhere() {
    return "it tells no position yet";
  }

  /** The history of a timeline, where this is a primary. */
  default Optional<TimelineHistory> history(int timeline) {
    return Optional.empty();
  }

  @Override
  void close();

  /** Questions one after the other. */
  interface Asking extends AutoCloseable {

    /**
     * How far the copy is now; empty when it tells no position.
     *
     * @throws PositionUnknown when it can't be asked
     */
    Optional<Progress> poll() throws PositionUnknown;

    /** PostgreSQL's name of the system that the data come from; empty while that is unknown. */
    Optional<String> systemIdentifier() throws PositionUnknown;

    /**
     * Called while somebody waits for a position that does not come.
     *
     * @param wanted the lowest position waited for
     */
    void nudge(Position wanted) throws PositionUnknown;

    @Override
    void close();
  }
}
