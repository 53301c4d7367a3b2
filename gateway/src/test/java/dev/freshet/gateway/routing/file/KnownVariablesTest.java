package dev.freshet.gateway.routing.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KnownVariablesTest {

  @Test
  void valueThatIsAPartOfAnotherLeavesNothingOfIt() {
    Map<String, String> environment =
        Map.of("A", "shop", "B", "shop-secret", "C", "my-shop-secret", "D", "no");
    for (List<String> order : List.of(List.of("A", "B", "C", "D"), List.of("C", "B", "D", "A"))) {
      KnownVariables variables = new KnownVariables(environment::get);
      order.forEach(variables::get);
      assertThat(variables.withoutValues("shop, shop-secret and my-shop-secret, no"))
          .isEqualTo("${A}, ${B} and ${C}, no");
    }
  }

  @Test
  void valueThatNobodyAskedForStays() {
    assertThat(new KnownVariables(Map.of("A", "shop")::get).withoutValues("shop"))
        .isEqualTo("shop");
  }
}
