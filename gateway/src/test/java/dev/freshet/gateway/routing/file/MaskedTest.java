package dev.freshet.gateway.routing.file;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MaskedTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "primary: \"postgresql://ada:s3cret@one,two/shop\"|primary: \"postgresql://ada:***@one,two/shop\"",
        "primary: \"postgresql://ada@one/shop\"|primary: \"postgresql://ada@one/shop\"",
        "jdbc: jdbc:postgresql://one/shop?user=a&password=s3cret&x=1|jdbc: jdbc:postgresql://one/shop?user=a&password=***&x=1",
        "{ clientSecret: s3cret, x: 1 }|{ clientSecret: ***, x: 1 }",
        "password: s3cret|password: ***",
        "- AddRequestHeader=Authorization, Bearer s3cret|- AddRequestHeader=Authorization, ***",
        "- AddRequestHeader=X-Api-Key, s3cret|- AddRequestHeader=X-Api-Key, ***",
        "args: { name: Authorization, value: Bearer s3cret }|args: { name: Authorization, value: ***}",
        "- AddRequestHeader=X-From, gateway|- AddRequestHeader=X-From, gateway",
        "url: http://127.0.0.1:8080|url: http://127.0.0.1:8080",
        "session: { by: cookie }|session: { by: cookie }",
      })
  void secretsAreStarsAndAllElseStays(String text, String shown) {
    assertThat(Masked.text(text)).isEqualTo(shown);
  }
}
