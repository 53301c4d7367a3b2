package dev.freshet.gateway.session;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HexFormat;

/**
 * What one client has written and seen, as it travels in {@code Freshet-Session}.
 *
 * <p>The wire form is {@code TTTTTTTTLLLLLLLLLLLLLLLL.1.KEY.SESSION.SYSTEM.ISSUED.EXPIRES.MAC}:
 * timeline and LSN as fixed-width hexadecimal, so that tokens sort as strings in the order of their
 * positions; the form's version; the id of the key that signed it; the client's session; the system
 * identifier in hexadecimal; seconds since 1970 in base 36; and an HMAC-SHA256, base64url, of all
 * that stands before it.
 *
 * @param position at or past everything that the client has written and seen
 * @param keyId of the key that it is signed with
 * @param session tells clients apart; kept from token to token
 * @param systemIdentifier PostgreSQL's name of the system, unsigned; {@link #UNKNOWN_SYSTEM} where
 *     it was not known
 */
public record SessionToken(
    Position position,
    String keyId,
    String session,
    String systemIdentifier,
    Instant issued,
    Instant expires) {

  /** PostgreSQL makes no such identifier. */
  static final String UNKNOWN_SYSTEM = "0";

  private static final String VERSION = "1";
  private static final int FIELDS = 8;
  private static final int TIMELINE_DIGITS = 8;
  private static final int HEAD_DIGITS = 24;
  private static final int MAC_CHARACTERS = 43;
  private static final int BASE = 36;
  private static final HexFormat HEAD = HexFormat.of().withUpperCase();

  /**
   * A token as it was received.
   *
   * @param signed the text that the signature is of
   * @param mac the signature, base64url
   */
  record Received(SessionToken token, String signed, String mac) {}

  /**
   * Reads the wire form; the signature is yet to be checked.
   *
   * @throws IllegalArgumentException when it is something else
   */
  static Received parse(String text) {
    String[] fields = text.split("\\.", FIELDS + 1);
    if (fields.length != FIELDS
        || fields[0].length() != HEAD_DIGITS
        || !fields[1].equals(VERSION)
        || fields[7].length() != MAC_CHARACTERS) {
      throw new IllegalArgumentException("Not a session token");
    }
    try {
      SessionToken token =
          new SessionToken(
              new Position(
                  HexFormat.fromHexDigits(fields[0], 0, TIMELINE_DIGITS),
                  new Lsn(HexFormat.fromHexDigitsToLong(fields[0], TIMELINE_DIGITS, HEAD_DIGITS))),
              fields[2],
              fields[3],
              Long.toUnsignedString(HexFormat.fromHexDigitsToLong(fields[4])),
              Instant.ofEpochSecond(Long.parseLong(fields[5], BASE)),
              Instant.ofEpochSecond(Long.parseLong(fields[6], BASE)));
      return new Received(token, text.substring(0, text.length() - MAC_CHARACTERS - 1), fields[7]);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("Not a session token", e);
    }
  }

  /** Whether it is known to be of another system. */
  boolean isOfAnotherThan(String system) {
    return !systemIdentifier.equals(UNKNOWN_SYSTEM) && !systemIdentifier.equals(system);
  }

  /** What is signed: the wire form up to the signature. */
  String signedText() {
    return String.join(
        ".",
        HEAD.toHexDigits(position.timeline()) + HEAD.toHexDigits(position.lsn().value()),
        VERSION,
        keyId,
        session,
        Long.toHexString(Long.parseUnsignedLong(systemIdentifier)),
        Long.toString(issued.getEpochSecond(), BASE),
        Long.toString(expires.getEpochSecond(), BASE));
  }
}
