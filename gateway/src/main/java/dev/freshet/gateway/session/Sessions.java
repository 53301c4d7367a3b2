package dev.freshet.gateway.session;

import dev.freshet.protocol.Position;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Issues session tokens, and says what those that clients present are worth. */
public final class Sessions {

  private static final int SESSION_BYTES = 9;

  private final SessionKeys keys;
  private final Duration lifetime;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();

  /**
   * Prepares to issue.
   *
   * @param lifetime of a token
   */
  public Sessions(SessionKeys keys, Duration lifetime, Clock clock) {
    this.keys = keys;
    this.lifetime = lifetime;
    this.clock = clock;
  }

  /** What a client's tokens are worth, all together. */
  public sealed interface Presented {

    /** There is no token. */
    record Nothing() implements Presented {}

    /**
     * All are good.
     *
     * @param tokens at least one
     */
    record Good(List<SessionToken> tokens) implements Presented {

      public Good {
        tokens = List.copyOf(tokens);
      }
    }

    /** One is of a key that is not known, or expired: what it says can't be relied on. */
    record Unreliable(Flaw flaw) implements Presented {}

    /** One is no token, or was tampered with. */
    record Bad(Flaw flaw) implements Presented {}
  }

  /** What is wrong with a token, as metrics name it. */
  public enum Flaw {
    MALFORMED,
    TAMPERED,
    FOREIGN,
    IMPOSSIBLE,
    UNKNOWN_KEY,
    EXPIRED,
    LOST;

    public String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * Reads what a client presents.
   *
   * @param values of headers or cookies; each may hold several tokens, separated by commas
   * @param systemIdentifier of the system that is served; null while that is unknown
   */
  public Presented read(List<String> values, @Nullable String systemIdentifier) {
    List<SessionToken> good = new ArrayList<>();
    Presented.Unreliable unreliable = null;
    for (String value : values) {
      for (String member : value.split(",", -1)) {
        if (member.isBlank()) {
          continue;
        }
        switch (readOne(member.strip(), systemIdentifier)) {
          case Presented.Bad bad -> {
            return bad;
          }
          case Presented.Unreliable one -> unreliable = one;
          case Presented.Good one -> good.addAll(one.tokens());
          case Presented.Nothing ignored -> {}
        }
      }
    }
    return unreliable != null
        ? unreliable
        : good.isEmpty() ? new Presented.Nothing() : new Presented.Good(good);
  }

  private Presented readOne(String text, @Nullable String systemIdentifier) {
    SessionToken.Received received;
    try {
      received = SessionToken.parse(text);
    } catch (IllegalArgumentException e) {
      return new Presented.Bad(Flaw.MALFORMED);
    }
    SessionToken token = received.token();
    Optional<SessionKeys.Key> key = keys.key(token.keyId());
    if (key.isEmpty()) {
      return new Presented.Unreliable(Flaw.UNKNOWN_KEY);
    }
    if (!key.get().hasSigned(received.signed(), received.mac())) {
      return new Presented.Bad(Flaw.TAMPERED);
    }
    if (systemIdentifier != null && token.isOfAnotherThan(systemIdentifier)) {
      return new Presented.Bad(Flaw.FOREIGN);
    }
    return token.expires().isBefore(clock.instant())
        ? new Presented.Unreliable(Flaw.EXPIRED)
        : new Presented.Good(List.of(token));
  }

  /**
   * Issues a token.
   *
   * @param session the client's; null for a new one
   * @param systemIdentifier null while that is unknown: not every backend tells it
   * @return its wire form
   */
  public String issue(
      Position position, @Nullable String session, @Nullable String systemIdentifier) {
    Instant now = clock.instant();
    SessionKeys.Key key = keys.current();
    SessionToken token =
        new SessionToken(
            position,
            key.id(),
            session == null ? newSession() : session,
            systemIdentifier == null ? SessionToken.UNKNOWN_SYSTEM : systemIdentifier,
            now,
            now.plus(lifetime));
    String text = token.signedText();
    return text + "." + key.sign(text);
  }

  private String newSession() {
    byte[] bytes = new byte[SESSION_BYTES];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** Whether a token is past half its life, so that it is better renewed. */
  public boolean isAgeing(SessionToken token) {
    return token.issued().plus(lifetime.dividedBy(2)).isBefore(clock.instant());
  }

  /** How long a token lasts. */
  public Duration lifetime() {
    return lifetime;
  }
}
