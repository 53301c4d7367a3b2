package dev.freshet.bench.consistency;

import dev.freshet.protocol.Lsn;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.Stream;

/** The position at the head of a token: all that a client may know of it. */
record TokenPosition(int timeline, Lsn lsn) {

  private static final int TIMELINE_DIGITS = 8;
  private static final int DIGITS = 24;

  private static final Comparator<TokenPosition> ORDER =
      Comparator.comparingInt(TokenPosition::timeline).thenComparing(TokenPosition::lsn);

  static TokenPosition of(String token) {
    return new TokenPosition(
        Integer.parseInt(token.substring(0, TIMELINE_DIGITS), 16),
        new Lsn(Long.parseUnsignedLong(token.substring(TIMELINE_DIGITS, DIGITS), 16)));
  }

  /** The furthest position of one or several tokens. */
  static TokenPosition furthest(String tokens) {
    return all(tokens).max(ORDER).orElseThrow();
  }

  /**
   * What a promotion loses where it loses anything: of the earliest timeline's tokens the furthest.
   */
  static TokenPosition firstLost(String tokens) {
    int earliest = all(tokens).mapToInt(TokenPosition::timeline).min().orElseThrow();
    return all(tokens).filter(at -> at.timeline() == earliest).max(ORDER).orElseThrow();
  }

  private static Stream<TokenPosition> all(String tokens) {
    return Arrays.stream(tokens.split(", ", -1)).map(TokenPosition::of);
  }
}
