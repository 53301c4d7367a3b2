package dev.freshet.gateway.routing.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.file.FileProblem;
import dev.freshet.gateway.routing.Routes;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RoutesTestsTest {

  private static final Routes ROUTES =
      RoutesFile.read(
          """
          version: 1
          routes:
            - { id: tenant, path: /orders/**, headers: { X-Tenant: acme }, read: { pool: readers } }
            - { id: orders, path: /orders/**, read: { pool: readers }, write: { pool: writers } }
            - { id: menu, path: /menu, read: { pool: readers } }
            - { id: graphql, path: /graphql, intent: graphql, read: { pool: readers }, write: { pool: writers } }
          """,
          TestSurroundings.onLoopback(Map.of("readers", List.of(), "writers", List.of())));

  @Test
  void whatIsAsExpectedPassesAndRoutesThatNoTestTakesAreNamed() {
    RoutesTests.Outcome outcome =
        RoutesTests.run(
            """
            version: 1
            tests:
              - { request: GET /orders/7?x=1, route: orders, intent: read, pool: readers }
              - { request: POST /orders, route: orders, intent: write, pool: writers }
              - { request: GET /orders, headers: { x-tenant: acme }, route: tenant }
              - { request: GET /nowhere, refused: no-route }
              - { request: POST /graphql, body: '{"query":"{ a }"}', route: graphql, intent: read }
              - { request: POST /graphql, body: '{"query":"mutation { a }"}', intent: write, route: graphql }
              - { request: "GET /graphql?query=%7Ba%7D", route: graphql, intent: read }
            """,
            ROUTES);
    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.run()).isEqualTo(7);
    assertThat(outcome.uncovered()).containsExactly("menu");
  }

  @Test
  void whatIsNotAsExpectedIsNamedWithItsPlace() {
    assertThat(
            RoutesTests.run(
                    """
                    version: 1
                    tests:
                      - { request: GET /orders, route: tenant, intent: write, pool: writers }
                      - { request: DELETE /menu, route: menu }
                      - { request: GET /menu, refused: no-route }
                    """,
                    ROUTES)
                .failures())
        .map(FileProblem::toString)
        .containsExactly(
            "line 3, column 36: GET /orders: route is orders, not tenant",
            "line 3, column 52: GET /orders: intent is read, not write",
            "line 3, column 65: GET /orders: pool is readers, not writers",
            "line 4, column 16: DELETE /menu: it is refused: method-not-allowed",
            "line 5, column 36: GET /menu: refused is not refused, not no-route");
  }

  @Test
  void formIsChecked() {
    assertThatThrownBy(() -> RoutesTests.run("version: 1\ntests: [ { request: /x } ]", ROUTES))
        .hasMessageContaining("request is '/x'; write method and path, such as GET /orders/7")
        .hasMessageContaining("this needs route or refused");
  }
}
