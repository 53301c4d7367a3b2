package dev.freshet.bench.consistency;

import dev.freshet.protocol.Lsn;

/** The position at the head of a token: all that a client may know of it. */
record TokenPosition(int timeline, Lsn lsn) {

  private static final int TIMELINE_DIGITS = 8;
  private static final int DIGITS = 24;

  static TokenPosition of(String token) {
    return new TokenPosition(
        Integer.parseInt(token.substring(0, TIMELINE_DIGITS), 16),
        new Lsn(Long.parseUnsignedLong(token.substring(TIMELINE_DIGITS, DIGITS), 16)));
  }
}
