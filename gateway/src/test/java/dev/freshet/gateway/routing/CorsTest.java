package dev.freshet.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CorsTest {

  @ParameterizedTest
  @CsvSource({
    "https://shop.example, https://shop.example, true",
    "https://shop.example, http://shop.example, false",
    "https://shop.example, https://shop.example:8443, false",
    "https://shop.example, https://shop.example.evil.example, false",
    "https://*.shop.example, https://a.shop.example, true",
    "https://*.shop.example, https://shop.example, false",
    "https://*.shop.example, https://ashop.example, false",
    "https://*.shop.example, https://.shop.example, false",
    "https://*.shop.example, http://a.shop.example, false",
    "https://*.shop.example:8443, https://a.shop.example:8443, true",
    "*, https://any.example, true",
    "*, null, true",
    "https://shop.example, null, false",
  })
  void originIsAllowedAsAWhole(String allowed, String origin, boolean expected) {
    assertThat(new Cors(List.of(allowed), false, Duration.ZERO).allows(origin)).isEqualTo(expected);
  }
}
