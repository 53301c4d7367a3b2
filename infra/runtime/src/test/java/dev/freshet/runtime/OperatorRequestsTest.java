package dev.freshet.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.http.HttpHeaders;

class OperatorRequestsTest {

  private final OperatorRequests requests =
      new OperatorRequests(List.of("Prometheus.internal", "cdc_sync."));

  private static HttpHeaders host(String... hosts) {
    HttpHeaders headers = new HttpHeaders();
    headers.addAll(HttpHeaders.HOST, List.of(hosts));
    return headers;
  }

  private int status(HttpHeaders headers) {
    return status("/api/status", headers);
  }

  private int status(String target, HttpHeaders headers) {
    return requests.objection(target, headers).map(problem -> problem.code().status()).orElse(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "127.0.0.1:8081",
        "203.0.113.7:8081",
        "[::1]:8081",
        "[::1]",
        "[FE80::1%eth0]:8081",
        "[::ffff:127.0.0.1]:8081",
        "localhost",
        "LocalHost:8081",
        "localhost.:8081",
        "prometheus.internal:8081",
        "PROMETHEUS.INTERNAL.",
        "cdc_sync:8110",
      })
  void addressesLocalhostAndConfiguredNamesAreOurs(String host) {
    assertThat(status(host(host))).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.test",
        "babe.de:8081",
        "dead.beef",
        "1.2.3.de",
        "127.0.0.1.evil.test",
        "localhost.evil.test",
        "evil-localhost",
        "a.localhost",
        "::1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "0177.0.0.1",
        "127.0.0.01",
        "127.0.0.1.",
        "256.0.0.1",
        "1.2.3",
        "1.2.3.4.5",
        "xprometheus.internal",
        "sub.prometheus.internal",
      })
  void everyOtherNameIsMisdirectedHoweverMuchItLooksLikeAnAddress(String host) {
    assertThat(status(host(host))).isIn(host.equals("::1") ? List.of(400) : List.of(421));
  }

  @Test
  void whoeverIsMisdirectedIsToldTheOption() {
    Problem problem = requests.objection("/", host("Sync-1.internal:8110")).orElseThrow();
    assertThat(problem.code()).isEqualTo(ProblemCode.MISDIRECTED);
    assertThat(problem.detail()).contains("--operator-host=sync-1.internal.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":8081",
        ".",
        "a b",
        "localhost:",
        "localhost:x",
        "localhost:99999",
        "localhost:8081:1",
        "[::1",
        "[::1]x",
        "[[::1]]",
        "[localhost]",
        "[::1%]",
        "user@localhost",
        "localhost/x",
        "l%6fcalhost",
        "127.0.0.1,evil.test",
      })
  void whatIsNoHostIsABadRequest(String host) {
    assertThat(status(host(host))).isEqualTo(400);
  }

  @Test
  void oneHostIsNamed() {
    assertThat(status(host())).isEqualTo(400);
    assertThat(status(host("localhost", "localhost"))).isEqualTo(400);
    assertThat(status(host("localhost", "evil.test"))).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource({
    "http://127.0.0.1:8081/api/status, localhost:8081, 200",
    "http://evil.test/api/status, localhost:8081, 421",
    "http://127.0.0.1:8081/api/status, evil.test, 421",
    "http://evil.test\\@localhost/api/status, localhost:8081, 421",
    "http://evil.test?localhost, localhost:8081, 421",
    "http://localhost@evil.test/, localhost:8081, 400",
    "http://, localhost:8081, 400",
    "/x?to=http://evil.test, localhost:8081, 200",
    "*, localhost:8081, 200",
  })
  void targetThatNamesAHostNamesOneOfOurs(String target, String host, int status) {
    assertThat(status(target, host(host))).isEqualTo(status);
  }

  @ParameterizedTest
  @CsvSource({
    "localhost:8081, http://localhost:8081, 200",
    "LOCALHOST:8081, http://LocalHost:8081, 200",
    "localhost:8081, https://localhost:8081, 200",
    "localhost:8081, http://localhost:3000, 403",
    "localhost:8081, http://localhost, 403",
    "localhost:8081, http://127.0.0.1:8081, 403",
    "localhost, http://localhost, 200",
    "localhost:80, http://localhost, 200",
    "localhost, https://localhost, 200",
    "localhost, https://localhost:443, 200",
    "localhost:80, https://localhost, 403",
    "'[::1]:8081', 'http://[::1]:8081', 200",
    "prometheus.internal:8081, http://prometheus.internal:8081, 200",
    "localhost:8081, null, 403",
    "localhost:8081, '', 403",
    "localhost:8081, http://evil.test, 403",
    "localhost:8081, http://localhost:8081@evil.test, 403",
    "localhost:8081, http://localhost:8081/, 403",
    "localhost:8081, file://localhost:8081, 403",
    "localhost:8081, chrome-extension://localhost, 403",
    "localhost:8081, localhost:8081, 403",
    "evil.test:8081, http://evil.test:8081, 421",
  })
  void pageIsOfTheHostThatItAsks(String host, String origin, int status) {
    HttpHeaders headers = host(host);
    headers.add(HttpHeaders.ORIGIN, origin);
    assertThat(status(headers)).isEqualTo(status);
  }

  @Test
  void twoOriginsAreNotOurs() {
    HttpHeaders headers = host("localhost:8081");
    headers.add(HttpHeaders.ORIGIN, "http://localhost:8081");
    headers.add(HttpHeaders.ORIGIN, "http://localhost:8081");
    assertThat(status(headers)).isEqualTo(403);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://a.internal", "a.internal:9090", "*.internal", "", "a b", "a/b"})
  void configuredNameIsANameAlone(String name) {
    assertThatThrownBy(() -> new OperatorRequests(List.of(name)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("--operator-host")
        .hasMessageContaining("without scheme and port");
    assertThatThrownBy(() -> OperatorRequests.under("a.internal," + name + ",b.internal"))
        .hasMessageContaining("--operator-host");
  }

  @Test
  void settingHasCommasBetweenNames() {
    OperatorRequests several = OperatorRequests.under("a.internal, b.internal");
    assertThat(several.objection("/", host("b.internal:8081"))).isEmpty();
    assertThat(several.objection("/", host("c.internal:8081"))).isPresent();
    assertThat(OperatorRequests.under("").objection("/", host("a.internal"))).isPresent();
  }
}
