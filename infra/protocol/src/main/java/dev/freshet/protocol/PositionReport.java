package dev.freshet.protocol;

import org.jspecify.annotations.Nullable;

/**
 * The body of {@code GET /.freshet/position}.
 *
 * @param position the copy's {@link Position} as text; null while it is unknown
 * @param kind the {@link SourceKind#wireName}
 * @param lagSeconds how far behind the primary the copy is, in seconds; null while it is unknown
 * @param ready whether the backend can answer requests now
 * @param systemIdentifier PostgreSQL's name of the system that the data come from; null while it is
 *     unknown
 * @param history of a primary, its {@link TimelineHistory} as text; null where it is unknown
 * @param replayPaused of a replica, whether somebody has paused its replay; null where it is
 *     unknown
 */
public record PositionReport(
    @Nullable String position,
    String kind,
    @Nullable Double lagSeconds,
    boolean ready,
    @Nullable String systemIdentifier,
    @Nullable String history,
    @Nullable Boolean replayPaused) {

  /** Of a copy that replays nothing. */
  public PositionReport(
      @Nullable String position,
      String kind,
      @Nullable Double lagSeconds,
      boolean ready,
      @Nullable String systemIdentifier,
      @Nullable String history) {
    this(position, kind, lagSeconds, ready, systemIdentifier, history, null);
  }

  /** What a backend says instead that is about to stop. */
  public PositionReport leaving() {
    return new PositionReport(
        position, kind, lagSeconds, false, systemIdentifier, history, replayPaused);
  }

  /** What a backend says that can't be read from now. */
  public static PositionReport notReady(SourceKind kind) {
    return new PositionReport(null, kind.wireName(), null, false, null, null);
  }
}
