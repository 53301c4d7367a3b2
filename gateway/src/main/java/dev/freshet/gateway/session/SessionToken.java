package dev.freshet.gateway.session;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

  private static final int BASE = 36;
  private static final HexFormat HEAD = HexFormat.of().withUpperCase();

  private static final Pattern WIRE_FORM =
      Pattern.compile(
          "(?<signed>(?<timeline>[0-9A-F]{8})(?<lsn>[0-9A-F]{16})\\.1\\.(?<key>[\\w-]{1,32})\\.(?<session>[\\w-]{1,32})"
              + "\\.(?<system>[0-9a-f]{1,16})\\.(?<issued>[0-9a-z]{1,9})\\.(?<expires>[0-9a-z]{1,9}))\\.(?<mac>[\\w-]{43})");

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
    Matcher form = WIRE_FORM.matcher(text);
    if (!form.matches()) {
      throw new IllegalArgumentException("Not a session token");
    }
    try {
      SessionToken token =
          new SessionToken(
              new Position(
                  Integer.parseInt(form.group("timeline"), 16),
                  new Lsn(Long.parseUnsignedLong(form.group("lsn"), 16))),
              form.group("key"),
              form.group("session"),
              Long.toUnsignedString(Long.parseUnsignedLong(form.group("system"), 16)),
              Instant.ofEpochSecond(Long.parseLong(form.group("issued"), BASE)),
              Instant.ofEpochSecond(Long.parseLong(form.group("expires"), BASE)));
      return new Received(token, form.group("signed"), form.group("mac"));
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
        "1",
        keyId,
        session,
        Long.toHexString(Long.parseUnsignedLong(systemIdentifier)),
        Long.toString(issued.getEpochSecond(), BASE),
        Long.toString(expires.getEpochSecond(), BASE));
  }
}
