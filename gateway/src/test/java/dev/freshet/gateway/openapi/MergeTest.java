package dev.freshet.gateway.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class MergeTest {

  private static JsonNode json(String text) {
    return JsonMapper.shared().readTree(text);
  }

  private static final JsonNode READS =
      json(
          """
          {"openapi": "3.1.0", "tags": [{"name": "orders"}, {"name": "secret"}], "security": [{"bearer": []}],
           "paths": {
             "/orders": {"get": {"tags": ["orders"], "responses": {"200": {"$ref": "#/components/responses/Problem"}}}},
             "/secret": {"get": {"tags": ["secret"]}}},
           "components": {"schemas": {"Orders": {"type": "object"}, "Problem": {"type": "object"}},
             "responses": {"Problem": {"description": "read"}}, "securitySchemes": {"bearer": {"type": "http"}}}}
          """);

  private static final JsonNode WRITES =
      json(
          """
          {"openapi": "3.1.0", "tags": [{"name": "orders"}], "security": [{}],
           "paths": {
             "/orders": {"summary": "x", "post": {"tags": ["orders"], "security": [{"bearer": []}],
               "requestBody": {"$ref": "#/components/schemas/Orders"}, "responses": {"409": {"$ref": "#/components/responses/Problem/x"}}}},
             "/orders/{id}": {"delete": {"tags": ["orders"]}}},
           "components": {"schemas": {"Orders": {"type": "string"}, "Problem": {"type": "object"}}, "responses": {"Problem": {"description": "write"}}}}
          """);

  @Test
  void operationsStandBesideEachOtherAndNamesStandForWhatTheyDid() {
    ObjectNode merged =
        Merge.of(List.of(READS, WRITES), (method, path) -> !path.startsWith("/secret"));
    assertThat(merged.path("paths").propertyNames()).containsExactly("/orders", "/orders/{id}");
    JsonNode orders = merged.path("paths").path("/orders");
    assertThat(orders.propertyNames()).containsExactlyInAnyOrder("get", "post");
    assertThat(merged.path("tags").valueStream().map(tag -> tag.path("name").asString()))
        .containsExactly("orders");
    // What held for a whole document holds for each of its operations.
    assertThat(orders.path("get").path("security")).isEqualTo(json("[{\"bearer\": []}]"));
    assertThat(merged.path("paths").path("/orders/{id}").path("delete").path("security"))
        .isEqualTo(json("[{}]"));
    String schema = orders.path("post").path("requestBody").path("$ref").asString();
    assertThat(merged.at(schema.substring(1))).isEqualTo(json("{\"type\": \"string\"}"));
    assertThat(merged.at("/components/schemas/Orders")).isEqualTo(json("{\"type\": \"object\"}"));
    assertThat(merged.at("/components/schemas").size()).isEqualTo(3);
    String response = orders.at("/post/responses/409/$ref").asString();
    assertThat(response).endsWith("/x");
    assertThat(merged.at(response.substring(1).replaceFirst("/x$", "")))
        .isEqualTo(json("{\"description\": \"write\"}"));
    assertThat(merged.at("/components/responses/Problem/description").asString()).isEqualTo("read");
  }

  @Test
  void routesDecideWhatIsThereByPathsWithoutVariables() {
    Merge.of(
        List.of(WRITES),
        (method, path) -> {
          assertThat(method + " " + path).isIn("POST /orders", "DELETE /orders/x");
          return true;
        });
    ObjectNode none = Merge.of(List.of(), (method, path) -> true);
    assertThat(none.path("paths").isEmpty()).isTrue();
    assertThat(none.path("openapi").asString()).isEqualTo("3.1.0");
  }
}
