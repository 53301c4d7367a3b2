package dev.freshet.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConditionsTest {

  @ParameterizedTest
  @CsvSource({
    "shop.example, shop.example, true",
    "Shop.Example, shop.example:8080, true",
    "shop.example, SHOP.EXAMPLE:, true",
    "shop.example, a.shop.example, false",
    "*.shop.example, a.shop.example, true",
    "*.shop.example, a.b.shop.example:443, true",
    "*.shop.example, shop.example, false",
    "*.shop.example, ashop.example, false",
    "'[::1]', '[::1]:8080', true",
    "shop.example, shop.example., true",
    "shop.example, Shop.Example.:8080, true",
    "shop.example., shop.example, true",
    "*.shop.example, a.shop.example., true",
    "shop.example, shop.example.evil., false",
  })
  void hostIsComparedWithoutItsPortAndInAnyCase(String wanted, String sent, boolean met) {
    Conditions conditions = new Conditions(List.of("other.example", wanted), Map.of());
    assertThat(conditions.areMet(name -> name.equals("Host") ? List.of(sent) : List.of()))
        .isEqualTo(met);
  }

  @ParameterizedTest
  @CsvSource({
    "acme, acme, true",
    "acme, Acme, false",
    "acme, 'other|acme', true",
    "*, anything, true",
    "*, '', false",
    "acme, '', false",
  })
  void headersMustHoldTheirValues(String wanted, String sent, boolean met) {
    List<String> values = sent.isEmpty() ? List.of() : List.of(sent.split("\\|", -1));
    assertThat(
            new Conditions(List.of(), Map.of("X-Tenant", wanted))
                .areMet(name -> name.equals("X-Tenant") ? values : List.of()))
        .isEqualTo(met);
  }
}
