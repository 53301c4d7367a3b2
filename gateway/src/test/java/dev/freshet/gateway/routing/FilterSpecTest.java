package dev.freshet.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FilterSpecTest {

  @Test
  void argumentsKeepTheirOrder() {
    Map<String, String> arguments = new LinkedHashMap<>();
    for (int i = 9; i >= 0; i--) {
      arguments.put("_genkey_" + i, "x");
    }
    assertThat(new FilterSpec("RedirectTo", arguments).arguments().keySet())
        .containsExactlyElementsOf(arguments.keySet());
  }
}
