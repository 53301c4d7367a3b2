package dev.freshet.sync.copy;

import java.time.Duration;

/**
 * How far a copy is.
 *
 * @param what is copied, for people
 * @param rows copied so far
 * @param expectedRows by the planner's statistics; 0 when unknown
 * @param elapsed since its begin
 * @param done whether it is complete
 */
public record Progress(String what, long rows, long expectedRows, Duration elapsed, boolean done) {

  /** Rows a second, over the whole time. */
  public double rate() {
    double seconds = elapsed.toNanos() / 1e9;
    return seconds > 0 ? rows / seconds : 0;
  }

  /** Seconds left at this rate; NaN when the number of rows is unknown. */
  public double secondsLeft() {
    return expectedRows <= 0 || rate() == 0
        ? Double.NaN
        : Math.max(0, expectedRows - rows) / rate();
  }

  @Override
  public String toString() {
    return "%s: %,d of about %,d rows, %,.0f a second%s"
        .formatted(
            what,
            rows,
            Math.max(rows, expectedRows),
            rate(),
            Double.isNaN(secondsLeft()) ? "" : ", %.0f s left".formatted(secondsLeft()));
  }
}
