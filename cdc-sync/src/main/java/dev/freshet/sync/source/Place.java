package dev.freshet.sync.source;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import java.util.Comparator;

/**
 * Where a source is. Only the source knows what it means; everybody else compares places and prints
 * them.
 *
 * <p>A later epoch is beyond every place of an earlier one. Whether the source still has what an
 * earlier epoch held is for the source to say, not for the order.
 *
 * @param epoch a number from 1 that grows when the source's history branches; PostgreSQL's timeline
 * @param value how far within the epoch, unsigned; of PostgreSQL, the byte of its log
 */
public record Place(int epoch, long value) implements Comparable<Place> {

  private static final Comparator<Place> ORDER =
      Comparator.comparingInt(Place::epoch).thenComparing(Place::value, Long::compareUnsigned);

  /** Before anything. */
  public static final Place START = new Place(1, 0);

  public Place {
    if (epoch < 1) {
      throw new IllegalArgumentException("An epoch is a number from 1, not " + epoch);
    }
  }

  /** The place that a position names. */
  public static Place of(Position position) {
    return new Place(position.timeline(), position.lsn().value());
  }

  /**
   * Reads what {@link #mark} wrote.
   *
   * @throws IllegalArgumentException when it is something else
   */
  public static Place of(int epoch, String mark) {
    return new Place(epoch, Lsn.parse(mark).value());
  }

  /** Right after this one, and before everything that comes after it. */
  public Place next() {
    return new Place(epoch, value + 1);
  }

  /** How far within its epoch, as it is stored. */
  public String mark() {
    return new Lsn(value).toString();
  }

  /** The same as tokens and answers have it. */
  public Position position() {
    return new Position(epoch, new Lsn(value));
  }

  /** Whether everything up to another place comes before this one or is it. */
  public boolean isAtOrPast(Place other) {
    return compareTo(other) >= 0;
  }

  /**
   * How much of the source lies between an earlier place and this one, in the unit of {@link
   * #value}; 0 when it is not earlier. The epochs are ignored.
   */
  public long since(Place earlier) {
    return Long.compareUnsigned(value, earlier.value) <= 0 ? 0 : value - earlier.value;
  }

  @Override
  public int compareTo(Place other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return position().toString();
  }
}
