package dev.freshet.gateway.graphql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.gateway.routing.GraphQl;
import dev.freshet.gateway.routing.Intent;
import java.net.URLEncoder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GraphQlIntentTest {

  private static final GraphQl ROUTE =
      new GraphQl(Map.of("board", Intent.READ, "cook", Intent.WRITE));

  private final GraphQlIntent intents = new GraphQlIntent();

  private GraphQlIntent.Found found(String type, String query, String body) {
    return found(type.isEmpty() ? List.of() : List.of(type), List.of(), query, body);
  }

  private GraphQlIntent.Found found(
      List<String> types, List<String> encodings, String query, String body) {
    return intents.of(
        Content.of(
            "/graphql" + (query.isEmpty() ? "" : "?" + query),
            name ->
                switch (name) {
                  case "Content-Type" -> types;
                  case "Content-Encoding" -> encodings;
                  default -> List.of();
                },
            body),
        ROUTE);
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
        "{\"query\":7}|WRITE|a member 'query'",
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
        "{\"query\":\"mutation { b }\",\"id\":\"board\"}|WRITE|names a persisted one, too",
        "{\"query\":\"{ b }\",\"id\":\"board\"}|WRITE|names a persisted one, too",
        "{\"query\":\"{ b }\",\"doc_id\":\"cook\"}|WRITE|names a persisted one, too",
        "{\"query\":\"{ b }\",\"documentId\":\"cook\"}|WRITE|names a persisted one, too",
        "{\"query\":\"{ b }\",\"extensions\":{\"persistedQuery\":{\"version\":1,\"sha256Hash\":\"cook\"}}}|WRITE|names a persisted one, too",
        "{\"query\":null,\"id\":\"board\",\"variables\":null,\"operationName\":null,\"extensions\":null}|READ|persisted query board",
        "{\"query\":\"{ a }\",\"extensions\":{\"clientLibrary\":{\"name\":\"apollo\",\"version\":\"4\"}}}|READ|it is a query",
        "{\"query\":\"{ a }\",\"extensions\":{\"other\":1}}|WRITE|a member 'extensions.other'",
        "{\"query\":\"{ a }\",\"extensions\":\"{}\"}|WRITE|a member 'extensions'",
        "{\"extensions\":{\"persistedQuery\":{\"sha256Hash\":\"board\",\"id\":\"cook\"}}}|WRITE|a member 'extensions.persistedQuery'",
        "{\"query\":\"{ a }\",\"queryId\":\"cook\"}|WRITE|a member 'queryId'",
        "{\"query\":\"{ a }\",\"mutation\":\"mutation { b }\"}|WRITE|a member 'mutation'",
        "{\"query\":\"{ a }\",\"query\\u0000\":\"mutation { b }\"}|WRITE|a member",
        "{\"query\":\"{ a }\",\"variables\":\"{}\"}|WRITE|a member 'variables'",
        "{\"query\":\"{ a }\",\"operationName\":[\"A\"]}|WRITE|a member 'operationName'",
        "{\"query\":\"{ a }\"} {\"query\":\"mutation { b }\"}|WRITE|it can't be read",
        "{\"query\":\"{ a }\",\"variables\":{\"a\":1,\"a\":2}}|WRITE|it can't be read",
        "{\"query\":\"#\\u2028 query {\\n mutation { b }\\n #\\u2028 }\"}|WRITE|characters that parsers of GraphQL differ about",
        "{\"query\":\"\\uFEFF{ a }\"}|WRITE|characters that parsers of GraphQL differ about",
        "{\"query\":\"#\\r mutation { b }\\n{ a }\"}|WRITE|which operation",
        "[{\"id\":\"0\",\"query\":\"{ a }\"}]|WRITE|names a persisted one, too",
        "[[{\"query\":\"{ a }\"}]]|WRITE|it has no query",
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
    assertThat(json("{ a }" + " ".repeat(70_000))).contains("longer than the limit of 64 KiB");
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
    assertThat(found("text/plain", "", read).because()).contains("of a type");
    assertThat(
            found(List.of("application/json", "application/graphql"), List.of(), "", read).intent())
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
        .contains("longer than the limit of 64 KiB");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "query=%7Ba%7D&Query=mutation%7Bb%7D",
        "query=%7Ba%7D&QUERY=mutation%7Bb%7D",
        "x=1;query=mutation%7Bb%7D&query=%7Ba%7D",
        "query=%7Ba%7D;query=mutation%7Bb%7D",
        "query=%7Ba%7D;x=1",
        "query=%7Ba%7D&x=1",
        "query=%7Ba%7D&query%5B%5D=mutation%7Bb%7D",
        "query=%7Ba%7D&%20query=mutation%7Bb%7D",
        "query=%7Ba%7D&+query=mutation%7Bb%7D",
        "query=%7Ba%7D&qu%65ry=mutation%7Bb%7D",
        "query=%7Ba%7D&query%00=mutation%7Bb%7D",
        "query=%7Ba%7D&documentId=cook",
        "query=%7Ba%7D&doc_id=cook",
        "query=%7Ba%7D&doc.id=cook",
        "query=%7Ba%7D&id=cook",
        "query=%7Ba%7D&id",
        "query=%7Ba%7D&=mutation",
        "query=%7Ba%7D&extensions=%7B%22persistedQuery%22%3A%7B%22sha256Hash%22%3A%22cook%22%7D%7D",
        "query=%7Ba%7D&extensions=%5B%5D",
        "query=%7Ba%7D&variables=%5B%5D",
        "query=%7Ba%7D&variables=%7B",
        "documentId=board&id=board",
      })
  void parameterThatIsNotUnderstoodMakesItAWrite(String query) {
    GraphQlIntent.Found found = found("", query, "");
    assertThat(found.intent()).as(found.because()).isEqualTo(Intent.WRITE);
    assertThat(found("", "query=%7Ba%7D&variables=%7B%7D&operationName=", "").intent())
        .as("an operation without a name is not there")
        .isEqualTo(Intent.WRITE);
    assertThat(found("", "query=%7Ba%7D&variables=%7B%22a%22%3A1%7D", "").intent())
        .isEqualTo(Intent.READ);
  }

  /** What a backend decodes otherwise may hold anything. */
  @ParameterizedTest
  @CsvSource({
    "application/json, '', READ",
    "Application/JSON;charset=UTF-8, '', READ",
    "'application/json; charset=\"utf-8\"', '', READ",
    "application/json; charset=utf-16, '', WRITE",
    "application/json; charset=utf-7, '', WRITE",
    "application/json; charset=iso-8859-1, '', WRITE",
    "application/json; charset=utf-8; charset=utf-16, '', WRITE",
    "application/json; boundary=x, '', WRITE",
    "application/json;, '', WRITE",
    "application/json, gzip, WRITE",
    "application/json, identity, WRITE",
    "application/x-www-form-urlencoded, '', WRITE",
    "multipart/form-data; boundary=x, '', WRITE",
    "text/plain, '', WRITE",
    "'', '', WRITE",
  })
  void contentIsReadOnlyAsItIs(String type, String encoding, Intent intent) {
    GraphQlIntent.Found found =
        found(
            type.isEmpty() ? List.of() : List.of(type),
            encoding.isEmpty() ? List.of() : List.of(encoding),
            "",
            "{\"query\":\"{ a }\"}");
    assertThat(found.intent()).as(found.because()).isEqualTo(intent);
  }

  @Test
  void bytesThatAreNotUtf8AreAWrite() {
    for (Charset charset :
        List.of(StandardCharsets.UTF_16, StandardCharsets.UTF_16LE, StandardCharsets.ISO_8859_1)) {
      byte[] bytes = "{\"query\":\"{ a(b: \\\"é\\\") }\"}".getBytes(charset);
      assertThat(intents.of(content(bytes), ROUTE).intent())
          .as("%s", charset)
          .isEqualTo(Intent.WRITE);
    }
    byte[] marked = "\ufeff{\"query\":\"{ a }\"}".getBytes(StandardCharsets.UTF_8);
    assertThat(intents.of(content(marked), ROUTE).intent()).isEqualTo(Intent.WRITE);
    byte[] plain = "{\"query\":\"{ a(b: \\\"é\\\") }\"}".getBytes(StandardCharsets.UTF_8);
    assertThat(intents.of(content(plain), ROUTE).intent()).isEqualTo(Intent.READ);
  }

  private static Content content(byte[] bytes) {
    return Content.of(
        "/graphql",
        name -> name.equals("Content-Type") ? List.of("application/json") : List.of(),
        bytes);
  }
}
