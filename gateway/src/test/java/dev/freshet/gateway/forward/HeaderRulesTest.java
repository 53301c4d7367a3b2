package dev.freshet.gateway.forward;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.URI;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeaderRulesTest {

  @ParameterizedTest
  @CsvSource({
    "http://10.0.0.1:9000/orders/7?x=1, /orders/7?x=1",
    "http://10.0.0.1:9000, /",
    "/orders/7, /orders/7",
    "http://10.0.0.1:9000//elsewhere.example/x, http://10.0.0.1:9000//elsewhere.example/x",
    "http://10.0.0.1:90001/orders, http://10.0.0.1:90001/orders",
    "https://10.0.0.1:9000/orders, https://10.0.0.1:9000/orders",
    "https://elsewhere.example/x, https://elsewhere.example/x",
  })
  void placeAtTheBackendItselfIsOneAtTheGateway(String sent, String passed) {
    HttpHeaders to = new DefaultHttpHeaders();
    HeaderRules.copyResponse(
        new DefaultHttpHeaders().add("Location", sent), to, URI.create("http://10.0.0.1:9000"));
    assertThat(to.getAll("Location")).containsExactly(passed);
  }
}
