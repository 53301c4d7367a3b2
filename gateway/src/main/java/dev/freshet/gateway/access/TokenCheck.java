package dev.freshet.gateway.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import dev.freshet.gateway.access.Admission.ByToken;
import dev.freshet.gateway.access.Admission.Refused;
import dev.freshet.gateway.routing.Issuer;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.runtime.claims.ClaimsKeys;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtClaimNames;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.JwtTypeValidator;
import org.springframework.security.oauth2.jwt.JwtValidationException;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.oauth2.server.resource.authentication.JwtGrantedAuthoritiesConverter;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * Checks tokens of one issuer: signature, algorithm, issuer, audience and time. One that was valid
 * is not checked again for a while, but for its end.
 */
public final class TokenCheck {

  private static final Logger log = LoggerFactory.getLogger(TokenCheck.class);

  private static final String UNKNOWN_SIGNATURE =
      "it can't be read, or is not signed by its issuer";

  private static final int MOST_KNOWN = 10_000;

  /** A token whose key was taken back is admitted for no longer than this once the key is gone. */
  private static final Duration KNOWN_FOR = Duration.ofSeconds(30);

  /** How far clocks may be apart (the default of Spring Security). */
  private static final Duration SKEW = Duration.ofSeconds(60);

  private final IssuerKeys keys;
  private final NimbusJwtDecoder decoder;
  private final JwtGrantedAuthoritiesConverter authorities = new JwtGrantedAuthoritiesConverter();
  private final Cache<String, Bearer> known =
      Caffeine.newBuilder().maximumSize(MOST_KNOWN).expireAfterWrite(KNOWN_FOR).build();
  private final Scheduler blocking;
  private final Clock clock;
  private final @Nullable ClaimsKeys signedBy;

  /**
   * Fetches no keys yet.
   *
   * @param blocking where keys are fetched and signatures checked
   * @param signedBy what tokens say is signed for the backends with these; null where none asks
   */
  public TokenCheck(Issuer issuer, Scheduler blocking, Clock clock, @Nullable ClaimsKeys signedBy) {
    this.signedBy = signedBy;
    this.blocking = blocking;
    this.clock = clock;
    this.authorities.setAuthorityPrefix("");
    this.keys = new IssuerKeys(issuer);
    this.decoder =
        NimbusJwtDecoder.withJwkSource(keys.source())
            .jwsAlgorithms(
                allowed ->
                    issuer.algorithms().stream()
                        .map(SignatureAlgorithm::from)
                        .forEach(allowed::add))
            .build();
    JwtTimestampValidator time = new JwtTimestampValidator(SKEW);
    time.setClock(clock);
    JwtTypeValidator type =
        new JwtTypeValidator(List.of("JWT", "at+jwt", "application/at+jwt")); // RFC 9068, 2.1
    type.setAllowEmpty(true);
    this.decoder.setJwtValidator(
        new DelegatingOAuth2TokenValidator<>(
            time,
            type,
            new JwtIssuerValidator(issuer.name()),
            new JwtClaimValidator<List<String>>(
                JwtClaimNames.AUD,
                audience ->
                    audience != null && audience.stream().anyMatch(issuer.audiences()::contains)),
            new JwtClaimValidator<Instant>(JwtClaimNames.EXP, expires -> expires != null),
            new JwtClaimValidator<String>(JwtClaimNames.SUB, TokenCheck::canBePassedOn)));
  }

  /** It goes on as a header (OpenID Connect Core 1.0, 2: at most 255 characters of ASCII). */
  private static boolean canBePassedOn(@Nullable String subject) {
    return subject != null && subject.matches("[!-~]([ -~]{0,253}[!-~])?");
  }

  /** Why tokens may not be checked as they should be; empty when nothing is known to be wrong. */
  public Optional<String> trouble() {
    return keys.trouble();
  }

  /** What a token that was valid a short while ago settles; empty for all others. */
  public Optional<Admission.Settled> known(ByToken request) {
    return Optional.ofNullable(known.getIfPresent(request.token()))
        .filter(bearer -> clock.instant().isBefore(bearer.until()))
        .map(bearer -> bearer.to(request.scopes()));
  }

  /** Checks a token, and settles what depends on it. */
  public Mono<Admission.Settled> check(ByToken request) {
    return Mono.fromCallable(() -> checked(request)).subscribeOn(blocking);
  }

  private Admission.Settled checked(ByToken request) {
    try {
      Bearer bearer = bearer(decoder.decode(request.token()));
      known.put(request.token(), bearer);
      return bearer.to(request.scopes());
    } catch (BadJwtException e) {
      log.debug("A token was refused: {}", e.getMessage());
      return invalid(why(e));
    } catch (JwtException e) {
      if (isOftenEnough(e) && keys.trouble().isEmpty()) {
        return invalid(UNKNOWN_SIGNATURE); // its key is none of those that were there a moment ago
      }
      log.atLevel(isOftenEnough(e) ? Level.DEBUG : Level.WARN)
          .log("Tokens can't be checked now, and their requests are refused: {}", e.getMessage());
      return new Refused(
          Problem.of(
              ProblemCode.NO_INSTANCE,
              "The keys that tokens are checked with can't be fetched now; try again."),
          null);
    }
  }

  /** What was checked and is not so; of a signature nothing more than that. */
  private static String why(BadJwtException failure) {
    return failure instanceof JwtValidationException invalid
        ? invalid.getErrors().stream()
            .map(error -> String.valueOf(error.getDescription()))
            .map(text -> text.replaceAll("[^ -~]", "?"))
            .collect(Collectors.joining("; "))
        : UNKNOWN_SIGNATURE;
  }

  private static Refused invalid(String why) {
    return Refused.unauthenticated(
        "The token is not valid here, or not any more; get another one: %s.".formatted(why),
        "%s error=\"invalid_token\"".formatted(Admission.SCHEME));
  }

  /** Whether keys were not even asked for, because that was done a moment ago. */
  private static boolean isOftenEnough(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof RateLimitReachedException) {
        return true;
      }
    }
    return false;
  }

  /** All that a token says, for the backends; good for longer than the token is remembered. */
  private String signed(Jwt token, ClaimsKeys keysOfBackends) {
    try {
      return keysOfBackends.sign(
          JWSObject.parse(token.getTokenValue()).getPayload().toJSONObject(), clock.instant());
    } catch (ParseException e) {
      throw new IllegalStateException("A token that was checked can be read", e);
    }
  }

  private Bearer bearer(Jwt token) {
    Set<String> scopes =
        authorities.convert(token).stream()
            .map(GrantedAuthority::getAuthority)
            .collect(Collectors.toUnmodifiableSet());
    Instant expires = token.getExpiresAt();
    return new Bearer(
        new Principal(
            Objects.requireNonNull(token.getSubject()),
            signedBy == null ? null : signed(token, signedBy)),
        scopes,
        expires == null ? clock.instant() : expires.plus(SKEW));
  }
}
