package dev.freshet.sync.log;

import dev.freshet.sync.source.Place;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A record of the log: a part of an entry, mostly of a transaction. The content of an entry is one
 * stream of bytes, cut where a record is full; a large value may go on in the next one.
 *
 * @param kind of the entry
 * @param after where the transaction before the entry ends
 * @param end where the entry ends: its transaction, or the same as {@code after}
 * @param at when it was committed, or told, by the source's clock
 * @param stateAt the offset of the first record of the {@link LogState} that holds here; -1 in that
 *     itself
 * @param number from 0
 * @param isLast whether the entry is whole with it
 * @param count how many changes the transaction has; told by the last chunk, else 0
 * @param trace the {@code traceparent} that it says it is part of; null when it says nothing
 * @param content bytes of the stream
 */
record Chunk(
    Kind kind,
    Place after,
    Place end,
    Instant at,
    long stateAt,
    int number,
    boolean isLast,
    long count,
    @Nullable String trace,
    Content content) {

  /** What an entry is. */
  enum Kind {
    /** A transaction, in the form of {@link dev.freshet.sync.source.ChangeFormat}. */
    CHANGES(1),

    /** What holds from here on, as JSON: see {@link LogState}. */
    SCHEMA(2),

    /** Who writes from here on, as JSON. */
    PUBLISHER(3),

    /** The source went on on another timeline, as JSON. */
    TIMELINE(4),

    /** Transactions are missing here, as JSON; {@code end} is where it goes on. */
    GAP(5),

    /** At this time the source had nothing beyond. Without content. */
    LEVEL(6);

    private final int code;

    Kind(int code) {
      this.code = code;
    }
  }

  /** Most bytes of content: far below what a broker takes as one record. */
  static final int MOST_BYTES = 400_000;

  private static final int VERSION = 1;

  /** Bytes that belong to a chunk; nobody changes them. */
  static final class Content {

    private final byte[] array;
    private final int length;

    Content(byte[] array, int length) {
      this.array = array;
      this.length = length;
    }

    int length() {
      return length;
    }

    void writeTo(OutputStream out) throws IOException {
      out.write(array, 0, length);
    }
  }

  /** As it is written. */
  byte[] bytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(content.length() + 128);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(VERSION);
      out.writeByte(kind.code);
      write(after, out);
      write(end, out);
      out.writeLong(ChronoUnit.MICROS.between(Instant.EPOCH, at));
      out.writeLong(stateAt);
      out.writeInt(number);
      out.writeBoolean(isLast);
      out.writeLong(count);
      out.writeUTF(trace == null ? "" : trace);
      content.writeTo(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void write(Place place, DataOutputStream out) throws IOException {
    out.writeInt(place.epoch());
    out.writeLong(place.value());
  }

  private static Place place(DataInputStream in) throws IOException {
    return new Place(in.readInt(), in.readLong());
  }

  /**
   * Reads what {@link #bytes} wrote.
   *
   * @throws LogBroken when it is something else, or of a later version
   */
  static Chunk of(byte[] record) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(record))) {
      int version = in.readUnsignedByte();
      int code = in.readUnsignedByte();
      Kind kind =
          Arrays.stream(Kind.values())
              .filter(one -> version == VERSION && one.code == code)
              .findFirst()
              .orElseThrow(
                  () ->
                      new LogBroken(
                          "a record of version %d and kind %d, of which this Freshet knows nothing. Run the version that writes the log."
                              .formatted(version, code)));
      Place after = place(in);
      Place end = place(in);
      Instant at = Instant.EPOCH.plus(in.readLong(), ChronoUnit.MICROS);
      long stateAt = in.readLong();
      int number = in.readInt();
      boolean isLast = in.readBoolean();
      long count = in.readLong();
      String trace = in.readUTF();
      byte[] content = in.readAllBytes();
      return new Chunk(
          kind,
          after,
          end,
          at,
          stateAt,
          number,
          isLast,
          count,
          trace.isEmpty() ? null : trace,
          new Content(content, content.length));
    } catch (IOException | IllegalArgumentException e) {
      throw new LogBroken("a record that can't be read (%s)".formatted(e.getMessage()));
    }
  }
}
