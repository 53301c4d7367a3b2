package dev.freshet.gateway.graphql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.gateway.routing.GraphQl;
import dev.freshet.gateway.routing.Intent;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GraphQlIntentTest {

  private static final GraphQl ROUTE =
      new GraphQl(Map.of("board", Intent.READ, "cook", Intent.WRITE));

  private final GraphQlIntent intents = new GraphQlIntent();

  private GraphQlIntent.Found found(String type, String query, String body) {
    return intents.of(
        Content.of("/graphql?" + query, type.isEmpty() ? List.of() : List.of(type), body), ROUTE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{\"query\":\"{ orders { id } }\"}|READ|it is a query",
        "{\"query\":\"query A { orders { id } }\",\"variables\":{\"a\":{\"b\":[1]}}}|READ|it is a query",
        "{\"query\":\"mutation { cook }\"}|WRITE|it is a mutation",
        "{\"query\":\"subscription { board { id } }\"}|READ|it is a subscription",
        "{\"query\":\"# mutation {\\n{ orders { name(is: \\\"mutation { x }\\\") } }\"}|READ|it is a query",
        "{\"query\":\"query A { a } mutation B { b }\",\"operationName\":\"A\"}|READ|it is a query",
        "{\"query\":\"query A { a } mutation B { b }\",\"operationName\":\"B\"}|WRITE|it is a mutation",
        "{\"query\":\"query A { a } mutation B { b }\"}|WRITE|it does not say which operation",
        "{\"query\":\"query A { a } mutation B { b }\",\"operationName\":null}|WRITE|it does not say which operation",
        "{\"query\":\"query A { a }\",\"operationName\":\"C\"}|WRITE|it does not say which operation",
        "{\"query\":\"fragment F on X { a }\"}|WRITE|it does not say which operation",
        "{\"query\":\"{ orders { id }\"}|WRITE|it can't be parsed",
        "{\"query\":\"\"}|WRITE|it has no query",
        "{\"query\":7}|WRITE|it has no query",
        "{}|WRITE|it has no query",
        "7|WRITE|it has no query",
        "{\"query\":\"{ a }\"|WRITE|it can't be read",
        "[{\"query\":\"{ a }\"},{\"query\":\"{ b }\"}]|READ|it is a query",
        "[{\"query\":\"{ a }\"},{\"query\":\"mutation { b }\"},{\"query\":\"{ c }\"}]|WRITE|it is a mutation",
        "[]|WRITE|it is an empty batch",
        "{\"extensions\":{\"persistedQuery\":{\"version\":1,\"sha256Hash\":\"board\"}}}|READ|persisted query board",
        "{\"documentId\":\"cook\"}|WRITE|persisted query cook",
        "{\"id\":\"board\"}|READ|persisted query board",
        "{\"doc_id\":\"unheard-of\"}|WRITE|nobody said what the persisted query is",
        "{\"query\":\"mutation { b }\",\"id\":\"board\"}|WRITE|it is a mutation",
        "{\"query\":\"{ a }\",\"Query\":\"mutation { b }\"}|WRITE|a member 'Query'",
        "{\"query\":\"{ a }\",\"OPERATIONNAME\":\"B\"}|WRITE|a member 'OPERATIONNAME'",
        "{\"query\":\"mutation { b }\",\"query\":\"{ a }\"}|WRITE|it can't be read",
        "{\"documentId\":\"board\",\"doc_id\":\"cook\"}|WRITE|several persisted queries",
      })
  void contentSaysWhatARequestMeans(String body, Intent intent, String because) {
    GraphQlIntent.Found found = found("application/json; charset=utf-8", "", body);
    assertThat(found.intent()).as(found.because()).isEqualTo(intent);
    assertThat(found.because()).contains(because);
  }

  @Test
  void aGetSaysItInItsParameters() {
    assertThat(get("query", "{ a }")).isEqualTo(Intent.READ);
    assertThat(get("query", "mutation { a }")).isEqualTo(Intent.WRITE);
    assertThat(get("query", "query A { a } mutation B { b }", "operationName", "A"))
        .isEqualTo(Intent.READ);
    assertThat(get("documentId", "board")).isEqualTo(Intent.READ);
    assertThat(get("extensions", "{\"persistedQuery\":{\"sha256Hash\":\"board\"}}"))
        .isEqualTo(Intent.READ);
    assertThat(get("extensions", "{")).isEqualTo(Intent.WRITE);
    assertThat(get("query", "{ a }", "query", "mutation { a }"))
        .as("which one a backend takes can't be told")
        .isEqualTo(Intent.WRITE);
    assertThat(found("", "query=%", "").intent()).isEqualTo(Intent.WRITE);
    assertThat(found("", "", "").intent()).isEqualTo(Intent.WRITE);
  }

  private Intent get(String... parameters) {
    StringBuilder query = new StringBuilder();
    for (int i = 0; i < parameters.length; i += 2) {
      query
          .append(i == 0 ? "" : "&")
          .append(parameters[i])
          .append('=')
          .append(URLEncoder.encode(parameters[i + 1], StandardCharsets.UTF_8));
    }
    return found("", query.toString(), "").intent();
  }

  @Test
  void documentAloneIsContent() {
    assertThat(found("application/graphql", "", "{ a }").intent()).isEqualTo(Intent.READ);
    assertThat(
            found("application/graphql", "operationName=B", "query A { a } mutation B { b }")
                .intent())
        .isEqualTo(Intent.WRITE);
  }

  @Test
  void whatIsTooLargeOrTooDeepIsAWrite() {
    assertThat(json("{ a }" + " ".repeat(70_000))).contains("longer than what is looked at");
    assertThat(json("{" + " a".repeat(6_000) + "}")).contains("can't be parsed");
    assertThat(json("{ a ".repeat(300) + "}".repeat(300))).contains("can't be parsed");
    assertThat(
            found("application/json", "", "[" + "{\"query\":\"{ a }\"},".repeat(50) + "{}]")
                .because())
        .contains("a batch of more than 50");
    assertThat(found("application/json", "", "[".repeat(5_000)).because())
        .contains("can't be read");
  }

  private String json(String query) {
    GraphQlIntent.Found found =
        found("application/json", "", "{\"query\":\"%s\"}".formatted(query));
    assertThat(found.intent()).isEqualTo(Intent.WRITE);
    return found.because();
  }

  @Test
  void whereBackendsDifferInWhatTheyGoByItIsAWrite() {
    String read = "{\"query\":\"{ a }\"}";
    assertThat(found("application/json", "", read).intent()).isEqualTo(Intent.READ);
    assertThat(found("application/json", "query=mutation%7Bb%7D", read).because())
        .contains("its URL says something, too");
    assertThat(found("application/json", "operationName=B", read).intent()).isEqualTo(Intent.WRITE);
    assertThat(found("application/graphql", "query=mutation%7Bb%7D", "{ a }").intent())
        .isEqualTo(Intent.WRITE);
    assertThat(found("text/plain", "", read).because()).contains("a type");
    assertThat(
            intents
                .of(
                    Content.of(
                        "/graphql", List.of("application/json", "application/graphql"), read),
                    ROUTE)
                .intent())
        .as("of two types")
        .isEqualTo(Intent.WRITE);
  }

  /** What is remembered is bounded by all that it is made of. */
  @Test
  void longNamesAreNotRemembered() {
    assertThat(
            found(
                    "application/json",
                    "",
                    "{\"query\":\"query A { a }\",\"operationName\":\"%s\"}"
                        .formatted("x".repeat(300)))
                .because())
        .contains("longer than what is looked at");
  }
}
