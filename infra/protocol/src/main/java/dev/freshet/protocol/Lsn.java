package dev.freshet.protocol;

import java.util.HexFormat;
import java.util.Locale;

/**
 * A log sequence number: a byte offset into PostgreSQL's write-ahead log, unsigned 64 bits.
 *
 * <p>Written as PostgreSQL writes {@code pg_lsn}: two hexadecimal halves, {@code 0/3026C08}. LSNs
 * compare only within one timeline, see {@link Position}.
 *
 * @param value the offset in bytes, to be read as unsigned
 */
public record Lsn(long value) implements Comparable<Lsn> {

  public static final Lsn ZERO = new Lsn(0);

  /** Size of a page of the write-ahead log (XLOG_BLCKSZ), in bytes, as PostgreSQL is built. */
  private static final long PAGE_BYTES = 8192;

  /** Size of the header of an ordinary page (SizeOfXLogShortPHD), in bytes. */
  private static final long SHORT_HEADER_BYTES = 24;

  /** Size of the header of a segment's first page (SizeOfXLogLongPHD), in bytes. */
  private static final long LONG_HEADER_BYTES = 40;

  /** Most digits of one half of the text form. */
  private static final int HALF_DIGITS = 8;

  /**
   * Parses PostgreSQL's text form.
   *
   * @throws IllegalArgumentException when the text is not an LSN
   */
  public static Lsn parse(String text) {
    int slash = text.indexOf('/');
    int lowDigits = text.length() - slash - 1;
    if (slash < 1 || slash > HALF_DIGITS || lowDigits < 1 || lowDigits > HALF_DIGITS) {
      throw notAnLsn(text);
    }
    try {
      return new Lsn(
          HexFormat.fromHexDigitsToLong(text, 0, slash) << 32
              | HexFormat.fromHexDigitsToLong(text, slash + 1, text.length()));
    } catch (IllegalArgumentException e) {
      throw notAnLsn(text);
    }
  }

  private static IllegalArgumentException notAnLsn(String text) {
    return new IllegalArgumentException(
        "Not a WAL position: '" + text + "'; expected two hexadecimal halves such as 0/3026C08");
  }

  /**
   * The last place that replay stops at on the way to this one.
   *
   * <p>The server's write and flush pointers can stand just past the header of a page that holds
   * nothing yet, where no record ends: a standby that has replayed everything stays before that
   * header, and would be waited for in vain.
   *
   * @param segmentBytes the server's {@code wal_segment_size}
   */
  public Lsn beforePageHeader(long segmentBytes) {
    if (Long.remainderUnsigned(value, segmentBytes) == LONG_HEADER_BYTES) {
      return new Lsn(value - LONG_HEADER_BYTES);
    }
    if (Long.remainderUnsigned(value, PAGE_BYTES) == SHORT_HEADER_BYTES) {
      return new Lsn(value - SHORT_HEADER_BYTES);
    }
    return this;
  }

  /**
   * How many bytes of log lie between an earlier position and this one; 0 when it is not earlier.
   */
  public long bytesSince(Lsn earlier) {
    return compareTo(earlier) <= 0 ? 0 : value - earlier.value;
  }

  @Override
  public int compareTo(Lsn other) {
    return Long.compareUnsigned(value, other.value);
  }

  @Override
  public String toString() {
    return hex(value >>> 32) + "/" + hex(value & 0xFFFF_FFFFL);
  }

  private static String hex(long half) {
    return Long.toHexString(half).toUpperCase(Locale.ROOT);
  }
}
