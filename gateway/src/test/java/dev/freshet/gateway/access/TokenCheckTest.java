package dev.freshet.gateway.access;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.WireMock;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import dev.freshet.gateway.TestServers;
import dev.freshet.gateway.access.Admission.Admitted;
import dev.freshet.gateway.access.Admission.ByToken;
import dev.freshet.gateway.access.Admission.Refused;
import dev.freshet.gateway.routing.Issuer;
import dev.freshet.runtime.claims.ClaimsKeys;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.scheduler.Schedulers;

class TokenCheckTest {

  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final WireMockServer issuer = TestServers.start();
  private final SetClock clock = new SetClock();
  private TokenCheck check;
  private RSAKey key;

  private static final class SetClock extends Clock {
    private Instant now = START;

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  @Test
  void whatATokenSaysIsSignedForTheBackends(@TempDir Path folder) throws Exception {
    ClaimsKeys.make(folder.resolve("keys"));
    ClaimsKeys claims = ClaimsKeys.ofFile(folder.resolve("keys"));
    Admission.Settled settled = check(claims).check(token(Duration.ofMinutes(5))).block();
    assertThat(settled)
        .isInstanceOfSatisfying(
            Admission.Admitted.class,
            admitted -> {
              Principal principal = Objects.requireNonNull(admitted.principal());
              assertThat(principal.subject()).isEqualTo("ada");
              assertThat(
                      claims
                          .verified(Objects.requireNonNull(principal.claims()), clock.instant())
                          .orElseThrow()
                          .json())
                  .contains("\"sub\":\"ada\"", "\"scope\":\"menu:read\"");
            });
  }

  @BeforeEach
  void start() throws Exception {
    key = new RSAKeyGenerator(2048).keyID("one").generate();
    issuer.stubFor(WireMock.get("/keys").willReturn(WireMock.okJson(new JWKSet(key).toString())));
    check = check(null);
  }

  private TokenCheck check(@Nullable ClaimsKeys claims) {
    return new TokenCheck(
        new Issuer(
            "https://login.example",
            List.of("shop"),
            URI.create(issuer.baseUrl() + "/keys"),
            Set.of("RS256")),
        Schedulers.immediate(),
        clock,
        claims);
  }

  @AfterEach
  void stop() {
    issuer.stop();
  }

  private ByToken token(Duration lasting, String... scopes) throws Exception {
    String token =
        TestTokens.signed(
            key,
            new JWTClaimsSet.Builder()
                .issuer("https://login.example")
                .audience("shop")
                .subject("ada")
                .claim("scope", "menu:read")
                .expirationTime(Date.from(START.plus(lasting))));
    return new ByToken(token, List.of(scopes));
  }

  @Test
  void tokenThatWasValidIsKnownUntilItEnds() throws Exception {
    ByToken token = token(Duration.ofMinutes(5));
    assertThat(check.known(token)).as("never seen").isEmpty();
    assertThat(check.check(token).block()).isEqualTo(new Admitted(new Principal("ada", null)));
    assertThat(check.known(token)).hasValue(new Admitted(new Principal("ada", null)));
    assertThat(check.known(new ByToken(token.token(), List.of("menu:write"))))
        .get()
        .as("of other scopes")
        .isInstanceOf(Refused.class);
    // With a minute for clocks that are apart.
    clock.now = START.plus(Duration.ofMinutes(6)).plusSeconds(1);
    assertThat(check.known(token)).as("ended").isEmpty();
    assertThat(check.check(token).block()).isInstanceOf(Refused.class);
  }

  @Test
  void tokenThatWasRefusedIsNotKnown() throws Exception {
    ByToken ended = token(Duration.ofHours(-1));
    assertThat(check.check(ended).block()).isInstanceOf(Refused.class);
    assertThat(check.known(ended)).isEmpty();
  }
}
