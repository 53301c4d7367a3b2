package dev.freshet.gateway.filters;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StrictTargetTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      quoteCharacter = '~',
      value = {
        "/a?b=%27&c[d]=e /a?b=%27&c[d]=e",
        "/a[b] /a%5Bb%5D",
        "/a?{\"b\"|^`<>} /a?%7B%22b%22%7C%5E%60%3C%3E%7D",
        "/{a} /%7Ba%7D",
        "/a?100% /a?100%25",
        "/a?%4 /a?%254",
        "/a?%zz%41 /a?%25zz%41",
        "/a?b?c /a?b?c",
      })
  void whatUrisDoNotKnowIsEncoded(String target, String strict) {
    assertThat(StrictTarget.of(target)).isEqualTo(strict);
    assertThat(URI.create("http://x" + strict)).hasToString("http://x" + strict);
  }
}
