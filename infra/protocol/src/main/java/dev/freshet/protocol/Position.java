package dev.freshet.protocol;

/**
 * A place in the history of a PostgreSQL system: a timeline and an LSN on it, written {@code
 * 1:0/3026C08}.
 *
 * @param timeline the timeline's id, from 1; a promotion starts the next one
 * @param lsn the place on that timeline
 */
public record Position(int timeline, Lsn lsn) {

  public Position {
    if (timeline < 1) {
      throw new IllegalArgumentException("A timeline is a number from 1, not " + timeline);
    }
  }

  /**
   * Parses the form that {@link #toString} writes.
   *
   * @throws IllegalArgumentException when the text is not a position
   */
  public static Position parse(String text) {
    int colon = text.indexOf(':');
    if (colon < 1) {
      throw notAPosition(text);
    }
    try {
      return new Position(
          Integer.parseInt(text.substring(0, colon)), Lsn.parse(text.substring(colon + 1)));
    } catch (IllegalArgumentException e) {
      throw notAPosition(text);
    }
  }

  private static IllegalArgumentException notAPosition(String text) {
    return new IllegalArgumentException(
        "Not a position: '" + text + "'; expected timeline and LSN such as 1:0/3026C08");
  }

  /**
   * Whether everything up to {@code other} is contained in what stands here.
   *
   * <p>LSNs of different timelines do not compare: without the history of their switch points the
   * answer is no, and the primary is asked instead.
   */
  public boolean isAtOrPast(Position other) {
    return timeline == other.timeline && lsn.compareTo(other.lsn) >= 0;
  }

  /** The later of the two: the higher timeline, and on one timeline the higher LSN. */
  public Position max(Position other) {
    if (timeline != other.timeline) {
      return timeline > other.timeline ? this : other;
    }
    return lsn.compareTo(other.lsn) >= 0 ? this : other;
  }

  @Override
  public String toString() {
    return timeline + ":" + lsn;
  }
}
