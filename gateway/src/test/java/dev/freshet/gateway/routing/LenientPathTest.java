package dev.freshet.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.protocol.ProblemCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LenientPathTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/.freshet",
        "/.freshet/position",
        "/.FRESHET/Position",
        "/.Freshet/commands",
        "/%2efreshet/position",
        "/%2Efresh%65t/position",
        "/%252efreshet/position",
        "/%25252efreshet/position",
        "//.freshet/position",
        "/;/.freshet/position",
        "/;x=1/.freshet/position",
        "/.freshet;x/position",
        "/.freshet%3bx/position",
        "/.freshet%253bx/position",
        "/.freshet%20/position",
        "/.freshet./position",
        "/x%252f.freshet/position",
        "/x%255c.freshet/position",
        "/api/.freshet/position",
        "/api/v1/%2efreshet",
      })
  void pathBetweenGatewayAndBackendsIsFoundInAnySpelling(String path) {
    assertThat(LenientPath.isInternal(path)).isTrue();
    assertThat(Decision.objectionOnLeaving("GET", path))
        .map(Decision.Unrouted::code)
        .contains(ProblemCode.NO_ROUTE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/freshet",
        "/.freshets/x",
        "/x.freshet",
        "/..freshet",
        "/a.b/c%20d",
        "/100%25",
        "/a;b.freshet"
      })
  void allOthersAreNone(String path) {
    assertThat(LenientPath.isInternal(path)).isFalse();
    assertThat(Decision.objectionOnLeaving("GET", path)).isEmpty();
  }

  @Test
  void pathThatFiltersHaveMadeUnclearDoesNotLeave() {
    for (String path : new String[] {"/a/../b", "/a/%2e%2e/b", "/a%2fb", "/a%5cb", "/a%", "/."}) {
      assertThat(Decision.objectionOnLeaving("GET", path))
          .as(path)
          .map(Decision.Unrouted::code)
          .contains(ProblemCode.BAD_REQUEST);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/, /",
    "/a/b, /a/b",
    "/A//b/, /a/b",
    "/a;x/b%3by, /a/b",
    "/a%20/b., /a/b",
    "/%2561, /a",
    "/a%2525, /a%25",
    "/ä%20b, /%C3%A4%20b",
  })
  void isSpelledPlainly(String sent, String plain) {
    assertThat(LenientPath.of(sent).value()).isEqualTo(plain);
  }
}
