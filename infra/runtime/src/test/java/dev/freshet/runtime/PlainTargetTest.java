package dev.freshet.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlainTargetTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      quoteCharacter = '~',
      value = {
        "/menu?arr=eq.{1,2} /menu?arr=eq.%7B1,2%7D",
        "/menu?a=in.(\"x|y\") /menu?a=in.(%22x%7Cy%22)",
        "/menu?`^<>\\# /menu?%60%5E%3C%3E%5C%23",
        "/menu?a=\u00c3\u00a8 /menu?a=%C3%A8",
        "/menu?a=5%&b=%2&c=%zz&d=%C3%A8 /menu?a=5%25&b=%252&c=%25zz&d=%C3%A8",
        "/menu?f[a]=1&b=%27'?/ /menu?f[a]=1&b=%27'?/",
        "/me[n]u/{a}?x=[1] /me%5Bn%5Du/%7Ba%7D?x=[1]",
        "/%2/%zz%?a=% /%2/%zz%?a=%25",
        "/menu?a=b%20c+d /menu?a=b%20c+d",
      })
  void whatMeansItselfIsEncodedAndWhatIsEncodedStays(String sent, String plain) {
    assertThat(PlainTarget.of(sent)).isEqualTo(plain);
    assertThat(PlainTarget.of(plain)).isEqualTo(plain);
  }

  @Test
  void everyByteMakesUri() {
    for (char c = 0; c <= 0xff; c++) {
      String target = PlainTarget.of("/" + (c == '?' || c == '%' ? "" : c) + "?" + c);
      assertThat(URI.create("http://x" + target).getRawQuery()).isNotEmpty();
    }
  }

  @Test
  void whatIsNoPathIsLeftAlone() {
    assertThat(PlainTarget.of("http://[::1]/")).isEqualTo("http://[::1]/");
    assertThat(PlainTarget.of("*")).isEqualTo("*");
  }
}
