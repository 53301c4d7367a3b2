package dev.freshet.runtime.claims;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClaimsKeysTest {

  private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");
  private static final String FIRST = line("a", 1);
  private static final String SECOND = line("b", 2);

  private static String line(String id, int seed) {
    byte[] key = new byte[32];
    key[0] = (byte) seed;
    return id + ":" + Base64.getEncoder().encodeToString(key);
  }

  @Test
  void claimsAreThoseThatWereSignedUntilTheyExpire() {
    ClaimsKeys keys = ClaimsKeys.parse(FIRST);
    String jws = keys.sign(Map.of("sub", "ada", "role", "web", "exp", 1), NOW);
    ClaimsKeys.Claims claims = keys.verified(jws, NOW.plusSeconds(59)).orElseThrow();
    assertThat(claims.role()).isEqualTo("web");
    assertThat(claims.json()).contains("\"sub\":\"ada\"", "\"exp\":" + (NOW.getEpochSecond() + 60));
    assertThat(keys.verified(jws, NOW.plusSeconds(65))).isEmpty();
  }

  @Test
  void keyIsRotatedByASecondLine() {
    String before = ClaimsKeys.parse(FIRST).sign(Map.of(), NOW);
    ClaimsKeys both = ClaimsKeys.parse(SECOND + "\n# the old one\n" + FIRST);
    assertThat(both.verified(before, NOW)).isPresent();
    assertThat(ClaimsKeys.parse(FIRST).verified(both.sign(Map.of(), NOW), NOW)).isEmpty();
  }

  @Test
  void whatWasChangedOrSignedByOthersIsNothing() {
    ClaimsKeys keys = ClaimsKeys.parse(FIRST);
    String[] parts = keys.sign(Map.of("role", "web"), NOW).split("\\.", -1);
    String other =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(
                "{\"role\":\"root\",\"exp\":%d}"
                    .formatted(NOW.getEpochSecond() + 60)
                    .getBytes(StandardCharsets.UTF_8));
    String unsigned =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString("{\"alg\":\"none\",\"kid\":\"a\"}".getBytes(StandardCharsets.UTF_8));
    assertThat(keys.verified(parts[0] + "." + other + "." + parts[2], NOW)).isEmpty();
    assertThat(keys.verified(unsigned + "." + other + ".", NOW)).isEmpty();
    assertThat(keys.verified("", NOW)).isEmpty();
    // Of the same id, and another key.
    assertThat(keys.verified(ClaimsKeys.parse(line("a", 3)).sign(Map.of(), NOW), NOW)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"'',There is no key", "abc,written as ID:BASE64", "a:AAAA,has 3 bytes"})
  void fileWithoutAKeySaysWhatItLooksLike(String text, String said) {
    assertThatThrownBy(() -> ClaimsKeys.parse(text)).hasMessageContaining(said);
  }
}
