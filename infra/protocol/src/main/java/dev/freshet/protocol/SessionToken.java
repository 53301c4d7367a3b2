package dev.freshet.protocol;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What one client has written and seen, as it travels in {@link FreshetHeaders#SESSION}.
 *
 * <p>The wire form is {@code TTTTTTTTLLLLLLLLLLLLLLLL.v0}: timeline and LSN as fixed-width
 * hexadecimal, so that tokens sort as strings in the order of their positions, then the form's
 * version. A client keeps the greatest it was given, or sends several, comma-separated.
 */
public record SessionToken(Position position) {

  private static final Pattern WIRE_FORM =
      Pattern.compile("([0-9A-F]{8})([0-9A-F]{16})\\.v0", Pattern.CASE_INSENSITIVE);

  /**
   * Reads a header's value: one token, or several separated by commas, of which the latest counts.
   *
   * @return empty when the value holds no token at all
   * @throws IllegalArgumentException when a member is not a token
   */
  public static Optional<SessionToken> read(String headerValue) {
    Position latest = null;
    for (String member : headerValue.split(",", -1)) {
      if (!member.isBlank()) {
        Position position = readOne(member.strip()).position();
        latest = latest == null ? position : latest.max(position);
      }
    }
    return Optional.ofNullable(latest).map(SessionToken::new);
  }

  private static SessionToken readOne(String text) {
    Matcher form = WIRE_FORM.matcher(text);
    if (!form.matches()) {
      throw new IllegalArgumentException("Not a session token");
    }
    try {
      return new SessionToken(
          new Position(
              Integer.parseInt(form.group(1), 16),
              new Lsn(Long.parseUnsignedLong(form.group(2), 16))));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("Not a session token", e);
    }
  }

  /** The wire form. */
  @Override
  public String toString() {
    return "%08X%016X.v0".formatted(position.timeline(), position.lsn().value());
  }
}
