package dev.freshet.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpConstants;
import java.util.HexFormat;

/**
 * Follows the chunks of a request's content (RFC 9112, 7.1), to hold the lines that begin them to
 * the letter of the grammar: Netty takes spaces before a size, and anything behind one.
 */
final class ChunkFraming {

  private static final int MOST_DIGITS = 8;
  private static final int LINE_END = 2;

  /** Bytes of the present chunk and of its end that have not come yet; 0 before a size. */
  private long remaining;

  private boolean isLast;

  /**
   * Looks at what comes next.
   *
   * @return false when a size stands there that must not be one
   */
  boolean allows(ByteBuf buffer) {
    if (remaining > 0 || isLast) {
      return true;
    }
    int start = buffer.readerIndex();
    int end = buffer.indexOf(start, buffer.writerIndex(), HttpConstants.LF);
    if (end < 0) {
      return true; // the decoder waits for the rest, too, up to a bound
    }
    int digits = 0;
    long size = 0;
    while (digits <= MOST_DIGITS && HexFormat.isHexDigit(buffer.getByte(start + digits))) {
      size = (size << 4) + HexFormat.fromHexDigit(buffer.getByte(start + digits));
      digits++;
    }
    if (digits == 0 || digits > MOST_DIGITS || !isExtension(buffer, start + digits, end)) {
      return false;
    }
    isLast = size == 0;
    remaining = isLast ? 0 : (end + 1 - start) + size + LINE_END;
    return true;
  }

  /** What the decoder has taken since. */
  void consumed(int bytes) {
    if (!isLast) {
      remaining -= Math.min(remaining, bytes);
    }
  }

  /** Nothing, or what a semicolon begins, and then the line's end. */
  private static boolean isExtension(ByteBuf buffer, int from, int lineFeed) {
    if (buffer.getByte(lineFeed - 1) != HttpConstants.CR) {
      return false;
    }
    if (from == lineFeed - 1) {
      return true;
    }
    if (buffer.getByte(from) != ';') {
      return false;
    }
    for (int i = from; i < lineFeed - 1; i++) {
      byte character = buffer.getByte(i);
      if (character != HttpConstants.HT && (character < ' ' || character > '~')) {
        return false;
      }
    }
    return true;
  }
}
