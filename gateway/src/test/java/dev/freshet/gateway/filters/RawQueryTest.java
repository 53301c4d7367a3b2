package dev.freshet.gateway.filters;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RawQueryTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "none",
      value = {
        "none|q=a%20%26",
        "''|q=a%20%26",
        "b=%27|b=%27&q=a%20%26",
        "b&|b&q=a%20%26",
        "q=1|q=1&q=a%20%26",
      })
  void parameterIsAddedAtTheEnd(@Nullable String before, String after) {
    assertThat(new RawQuery(before).plus("q", "a &").text()).isEqualTo(after);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "none",
      value = {
        "none|none",
        "''|''",
        "a=%27&&b|a=%27&&b",
        "q|none",
        "%71=1|none",
        "q=1&a=%27&q=2|a=%27",
        "a&q=1|a",
        "a&q=1&|a&",
        "x%20y=1&q=1|x%20y=1",
        "q%=1|q%=1",
      })
  void parametersOfOneNameAreRemoved(@Nullable String before, @Nullable String after) {
    assertThat(new RawQuery(before).without("q").text()).isEqualTo(after);
  }

  @ParameterizedTest
  @CsvSource({"x+y=1", "x%20y=1", "x%20y"})
  void nameIsComparedAsItIsMeant(String before) {
    assertThat(new RawQuery(before).without("x y").text()).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "none",
      value = {
        "none|none",
        "a=%27|a=%27",
        "q|q=a%20%26",
        "q=1|q=a%20%26",
        "%71=1&b|%71=a%20%26&b",
        "b=%27&q=1&c&q=2|b=%27&q=a%20%26&c",
        "q=1&q=2|q=a%20%26",
        "&q=1|&q=a%20%26",
      })
  void oneValueTakesThePlaceOfThoseOfAName(@Nullable String before, @Nullable String after) {
    assertThat(new RawQuery(before).with("q", "a &").text()).isEqualTo(after);
  }
}
