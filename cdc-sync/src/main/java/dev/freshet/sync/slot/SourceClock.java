package dev.freshet.sync.slot;

import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;

/**
 * What time it is at the source, by its own clock, as commits are stamped: this machine's may be
 * set to another, and either may be set while the sync runs.
 */
public final class SourceClock {

  private volatile Reading last;

  /**
   * What the source said.
   *
   * @param nanos when, as {@link System#nanoTime}
   */
  private record Reading(Instant at, long nanos) {}

  /** Asks for the first time. */
  public SourceClock(SourceDatabase source) {
    last = read(source);
  }

  /** Asks again. */
  void ask(SourceDatabase source) {
    last = read(source);
  }

  /** Half of the time that the question takes is the way back. */
  private static Reading read(SourceDatabase source) {
    long asked = System.nanoTime();
    Instant at =
        source
            .db()
            .sql("select clock_timestamp()")
            .query(OffsetDateTime.class)
            .single()
            .toInstant();
    long answered = System.nanoTime();
    return new Reading(at, asked + (answered - asked) / 2);
  }

  /** The time there now. */
  public Instant now() {
    Reading known = last;
    return known.at().plus(Duration.ofNanos(System.nanoTime() - known.nanos()));
  }
}
