package dev.freshet.read;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.postgres.TextSearch;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.ConfigurableApplicationContext;

/** What clients ask for, and how: names, characters, methods, ranges and representations. */
class QueriesIT {

  private static final String JSON = "application/json";

  private static final TextSearch DISHES = new TextSearch(List.of("name", "items.name"), "italian");
  private static final String COMMENT =
      "{\"freshet\": {\"key\": [\"id\"], \"search\": {\"text\": [\"name\", \"items.name\"], \"language\": \"italian\"}}}";

  @TempDir static Path folder;

  private static final HttpClient client = HttpClient.newHttpClient();
  private static Cluster cluster;
  private static ConfigurableApplicationContext backend;

  @BeforeAll
  static void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder, 0, 0, 17_470, false));
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          create schema read;
          create table read.menu (sku text primary key, name text, price numeric(10,2), tags int[]);
          insert into read.menu values ('a', 'Salad "verde", large', 5.50, '{1,2}'), ('b', 'Crème', 7, '{}'),
            ('c', '', 8, null), ('d', null, 9, null), ('e', '5%% | <x>', 10, null);
          create table read."r" ("r" bigint, "c" bigint, "a" int, "p" int, "i" int, "k" int, "q" int, "m" int, "body" int,
            "rows" int, "total" int, "version" bigint, "key" text, "select" text, "order" text, "limit" int, "flushed" int,
            "lsn" int, primary key ("key"));
          insert into read."r" values (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 'x', 's', 'o', 13, 14, 15);
          comment on table read."r" is '{"freshet": {"key": ["key"], "version": "version"}}';
          create table read."p" ("p" int primary key, "a" int);
          insert into read."p" values (1, 2);
          create table read.odd ("a.b" int primary key, "Two Words" text, "say ""hi"" \\" text, "and" int);
          insert into read.odd values (1, 'x', 'y', 5), (2, 'w', 'z', 4);
          create table read.dishes (id int primary key, name text, items jsonb,
            "freshet: search" tsvector generated always as (%s) stored);
          insert into read.dishes values (1, 'Pizza margherita', '[{"name": "Mozzarella"}, {"name": "Pomodori"}]'),
            (2, 'Insalata di pomodori e pomodori', '[{"name": "Pomodoro", "from": "Pizza"}]'), (3, null, null);
          create view read.seen_dishes as select id, name, items from read.dishes;
          comment on table read.dishes is '%s';
          comment on view read.seen_dishes is '%s';
          """
              .formatted(
                  DISHES.vector("", Map.of("name", "text", "items", "jsonb")), COMMENT, COMMENT));
    }
    backend = TestBackend.start(cluster.primary(), "primary", Map.of("freshet.read.row-cap", 4));
  }

  @AfterAll
  static void stop() {
    backend.close();
    cluster.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"dishes", "seen_dishes"})
  void whatIsSearchedIsFoundInItsLanguageAndSortedByHowWellItMatches(String model)
      throws Exception {
    assertThat(get("/%s?search=wfts.pizze&select=id".formatted(model)).body())
        .isEqualTo("[{\"id\":1}]");
    assertThat(get("/%s?name=plfts.pizze&select=id".formatted(model)).body())
        .isEqualTo("[{\"id\":1}]");
    assertThat(get("/%s?name=plfts(english).pizze&select=id".formatted(model)).body())
        .isEqualTo("[]");
    assertThat(get("/%s?or=(search.fts.mozzarella,id.eq.3)&select=id".formatted(model)).body())
        .isEqualTo("[{\"id\":1}, {\"id\":3}]");
    String ranked = "/%s?search=fts.pomodoro&order=rank.desc&select=id&limit=1".formatted(model);
    HttpResponse<String> best = get(ranked);
    assertThat(best.body()).isEqualTo("[{\"id\":2}]");
    HttpResponse<String> next = get("/" + model + next(best));
    assertThat(next.body()).isEqualTo("[{\"id\":1}]");
    assertThat(next.headers().allValues("Link")).noneMatch(link -> link.contains("next"));
    assertThat(get("/%s?id=eq.3".formatted(model)).body())
        .isEqualTo("[{\"id\":3,\"name\":null,\"items\":null}]");
    assertThat(get("/%s/3".formatted(model)).body())
        .isEqualTo("{\"id\":3,\"name\":null,\"items\":null}");
  }

  private static String next(HttpResponse<String> answer) {
    return answer.headers().allValues("Link").stream()
        .flatMap(link -> Stream.of(link.split(", (?=<)")))
        .filter(link -> link.contains("rel=\"next\""))
        .map(link -> link.substring(1, link.indexOf('>')))
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "order=rank.desc|there is none; add one, as in search=wfts.words",
        "order=rank.desc&search=not.fts.x|there is none",
        "search=eq.x|is all that is searched of 'dishes', for fts",
        "select=search|is all that is searched",
        "order=search|is all that is searched",
        "search=fts.(|The query doesn't fit",
        "search=pizza|as in search=wfts.words",
        "select=id,rank|rank is for order alone",
        "serach=wfts.x|Words are searched by search=wfts.words",
      })
  void searchesThatCantBeAreRefused(String query, String why) throws Exception {
    HttpResponse<String> refused = get("/dishes?" + query);
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).contains(why);
    assertThat(get("/menu?search=fts.x").body())
        .contains("unknown-column", "add search: { text: [COLUMN, COLUMN] } to the model's header");
  }

  @Test
  void columnsCalledAsAnyAliasIsAreColumns() throws Exception {
    String row =
        "{\"r\":1,\"c\":2,\"a\":3,\"p\":4,\"i\":5,\"k\":6,\"q\":7,\"m\":8,\"body\":9,\"rows\":10,\"total\":11,\"version\":12,"
            + "\"key\":\"x\",\"select\":\"s\",\"order\":\"o\",\"limit\":13,\"flushed\":14,\"lsn\":15}";
    assertThat(get("/r").body()).isEqualTo("[" + row + "]");
    assertThat(get("/r/x").body()).isEqualTo(row);
    assertThat(get("/r/x").headers().firstValue("ETag").orElseThrow()).startsWith("\"v12-");
    assertThat(get("/r/x?select=c,r,key").body()).isEqualTo("{\"c\":2,\"r\":1,\"key\":\"x\"}");
    assertThat(get("/r?select=c,r&r=eq.1&order=c,a.desc").body()).isEqualTo("[{\"c\":2,\"r\":1}]");
    assertThat(get("/r?select=select&%22select%22=eq.s&%22limit%22=eq.13&%22order%22=eq.o").body())
        .isEqualTo("[{\"select\":\"s\"}]");
    assertThat(csv("/r?select=c,r").body()).isEqualTo("c,r\n2,1");
    assertThat(csv("/r/x?select=c,r").body()).isEqualTo("c,r\n2,1");
    assertThat(get("/p").body()).isEqualTo("[{\"p\":1,\"a\":2}]");
    assertThat(get("/p/1").body()).isEqualTo("{\"p\":1,\"a\":2}");
  }

  @ParameterizedTest
  @CsvSource({
    "/openapi.json,200,\"/menu/{sku}\"",
    "/openapi.json,200,wfts.word",
    "/openapi.html,200,openapi.files/begin.js",
    "/openapi.files/begin.js,200,SwaggerUIBundle",
    "/openapi.files/swagger-ui.css,200,.swagger-ui",
    "/openapi.files/no-such-file.js,404,unknown-model",
    "/openapi.files/..%2f..%2fapplication.properties,404,unknown-model",
  })
  void modelsAreDescribedAndAPageTriesThem(String path, int status, String content)
      throws Exception {
    HttpResponse<String> answer = get(path);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.body()).contains(content);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "select=\"a.b\"&order=\"a.b\".desc|[{\"a.b\":2}, {\"a.b\":1}]",
        "select=\"a.b\"&\"a.b\"=eq.2|[{\"a.b\":2}]",
        "select=\"Two Words\"&order=\"Two Words\".asc.nullslast,\"a.b\"|[{\"Two Words\":\"w\"},"
            + " {\"Two Words\":\"x\"}]",
        "select=Two Words&Two Words=eq.x|[{\"Two Words\":\"x\"}]",
        "select=\"say \\\"hi\\\" \\\\\"&\"say \\\"hi\\\" \\\\\"=eq.y|[{\"say \\\"hi\\\""
            + " \\\\\":\"y\"}]",
        "select=\"and\"&\"and\"=in.(\"5\",6)|[{\"and\":5}]",
      })
  void namesInQuotesHoldWhatTheGrammarReserves(String query, String body) throws Exception {
    // Sent as a browser would: spaces alone are encoded.
    assertThat(raw("GET", "/odd?" + query.replace(" ", "%20"), "")).endsWith("\r\n\r\n" + body);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/menu?select=sku&name=eq.Salad%20\"verde\",%20large",
        "/menu?select=sku&name=in.(\"x\",\"Salad%20\\\"verde\\\",%20large\")",
        "/menu?select=sku&tags=eq.{1,2}",
        "/menu?select=sku&name=not.eq.{}|^`<>&order=sku&limit=1",
      })
  void charactersThatBrowsersSendAreTaken(String target) throws Exception {
    assertThat(raw("GET", target, "")).startsWith("HTTP/1.1 200 ").endsWith("[{\"sku\":\"a\"}]");
  }

  @Test
  void bytesBeyondAsciiAndLonePercentSignsAreTaken() throws Exception {
    assertThat(raw("GET", "/menu?select=sku&name=eq.Crème", ""))
        .endsWith("\r\n\r\n[{\"sku\":\"b\"}]");
    assertThat(raw("GET", "/menu?select=sku&name=eq.5%%20|%20<x>", ""))
        .endsWith("\r\n\r\n[{\"sku\":\"e\"}]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET /menu HTTP/1.1~Host: x~Host : y|400",
        "GET /menu?a b HTTP/1.1~Host: x|400",
        "GET http://[x/{} HTTP/1.1~Host: x|400",
        "GET / HTTP/1.1~Host: x|404",
        "DELETE /menu HTTP/1.1~Host: x|405",
        "POST /menu/a HTTP/1.1~Host: x|405",
      })
  void whateverIsRefusedIsRefusedWithProblemDocument(String head, int status) throws Exception {
    String answer = exchange(head.replace("~", "\r\n") + "\r\nConnection: close\r\n\r\n");
    assertThat(answer)
        .startsWith("HTTP/1.1 " + status)
        .containsIgnoringCase("content-type: application/problem+json")
        .contains("\"status\":" + status);
  }

  @Test
  void linesThatAreTooLongAreRefusedWithProblemDocument() throws Exception {
    String answer =
        exchange("GET /menu?a=%s HTTP/1.1\r\nHost: x\r\n\r\n".formatted("x".repeat(20_000)));
    assertThat(answer).startsWith("HTTP/1.1 414 ").contains("\"code\":\"uri-too-long\"");
  }

  @Test
  void queryIsGetWithFiltersInUrlAndContent() throws Exception {
    assertThat(raw("QUERY", "/menu?select=sku&price=gte.9&order=sku", ""))
        .endsWith("\r\n\r\n[{\"sku\":\"d\"}, {\"sku\":\"e\"}]");
    HttpResponse<String> answer =
        query(
            "/menu?price=gt.5",
            JSON,
            "{\"select\":\"sku\",\"filter\":{\"price\":[\"gte.7\",\"lt.10\"]},\"order\":\"sku.desc\",\"limit\":2,\"offset\":1}");
    assertThat(answer.body()).isEqualTo("[{\"sku\":\"c\"}, {\"sku\":\"b\"}]");
    assertThat(answer.headers().firstValue("Content-Range")).contains("1-2/*");
    assertThat(answer.headers().firstValue("Freshet-Position")).isPresent();
    assertThat(query("/r", JSON, "{\"select\":\"r\",\"filter\":{\"select\":\"eq.s\"}}").body())
        .isEqualTo("[{\"r\":1}]");
    assertThat(query("/menu/a", JSON, "{\"select\":\"price\"}").body())
        .isEqualTo("{\"price\":5.50}");
  }

  @Test
  void valuesAreComparedAsTheyAre() throws Exception {
    assertThat(get("/menu?select=sku&price=eq.5.501").body()).isEqualTo("[]");
    assertThat(get("/menu?select=sku&price=lt.5.501").body()).isEqualTo("[{\"sku\":\"a\"}]");
  }

  @Test
  void valuesAreReadAsWhatAColumnIsNow() throws Exception {
    change(
        "create table read.altered (id int primary key, n int); insert into read.altered values (1, 5)");
    for (int i = 0; i < 10; i++) {
      // So often that the driver has the server prepare it.
      assertThat(get("/altered?n=gt.4").body()).contains("\"id\":1");
    }
    change("alter table read.altered alter column n type bigint");
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (get("/altered?n=gt.3000000000").statusCode() != 200) {
      assertThat(System.nanoTime()).as("the type is noticed").isLessThan(end);
      LockSupport.parkNanos(Duration.ofMillis(200).toNanos());
    }
    change("drop table read.altered");
  }

  private static void change(String sql) throws Exception {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void groupsStandInContentToo() throws Exception {
    assertThat(
            query(
                    "/menu",
                    JSON,
                    "{\"select\":\"sku\",\"filter\":{\"or\":\"(sku.eq.a,price.gt.9)\"},\"order\":\"sku\"}")
                .body())
        .isEqualTo("[{\"sku\":\"a\"}, {\"sku\":\"e\"}]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "text/plain|{}|415|unsupported-media-type",
        "application/json|{|400|malformed-json",
        "application/json|{} {}|400|malformed-json",
        "application/json|[]|400|bad-value",
        "application/json|{\"where\":{}}|400|bad-value",
        "application/json|{\"limit\":\"1\"}|400|bad-value",
        "application/json|{\"limit\":-1}|400|bad-value",
        "application/json|{\"select\":[\"sku\"]}|400|bad-value",
        "application/json|{\"filter\":{\"sku\":1}}|400|bad-value",
        "application/json|{\"filter\":{\"colour\":\"eq.1\"}}|400|unknown-column",
        "application/json|{\"filter\":{\"or\":\"sku.eq.a\"}}|400|bad-value",
        "''|{}|400|bad-request",
      })
  void contentThatIsNoQueryIsRefused(String type, String content, int status, String code)
      throws Exception {
    HttpResponse<String> answer = query("/menu", type, content);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.body()).contains("\"code\":\"" + code + "\"");
    assertThat(answer.headers().firstValue("Freshet-Position")).isPresent();
    if (status == 415) {
      assertThat(answer.headers().firstValue("Accept-Query")).contains(JSON);
    }
  }

  @Test
  void optionsAndRefusalsTellTheMethods() throws Exception {
    for (String method : new String[] {"OPTIONS", "PUT"}) {
      HttpResponse<String> answer = send(method, "/menu", "", Map.of());
      assertThat(answer.headers().firstValue("Allow")).contains("GET, HEAD, QUERY, OPTIONS");
      assertThat(answer.headers().firstValue("Accept-Query")).contains(JSON);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // No count: the total is told only where the answer was not cut.
        "/menu?order=sku||0-1|200|0-1/*|2",
        "/menu?order=sku||items=1-2|200|1-2/*|2",
        "/menu?order=sku||2-|200|2-4/5|3",
        "/menu|count=exact||206|0-3/5|4",
        "/menu?sku=gte.b|count=exact||200|0-3/4|4",
        "/menu?sku=gte.b|count=exact|1-1|206|1-1/4|1",
        "/menu?limit=3&offset=1|count=exact|2-10|206|2-3/5|2",
        "/menu?limit=0|count=exact||206|*/5|0",
        "/menu?sku=eq.z|count=exact||200|*/0|0",
        "/menu?offset=5|count=exact||206|*/5|0",
        "/menu?offset=6|count=exact||416|*/5|",
        "/menu|count=exact|6-9|416|*/5|",
        "/menu?limit=2||5-9|416||",
        "/menu||3-1|416||",
        "/menu||bytes=0-1|200|0-3/*|4",
        "/menu||x|200|0-3/*|4",
      })
  void rangesAndCountsAreAnsweredAsByPostgrest(
      String path, String prefer, String range, int status, String told, Integer rows)
      throws Exception {
    HttpResponse<String> answer =
        send("GET", path, "", Map.of("Prefer", orEmpty(prefer), "Range", orEmpty(range)));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().firstValue("Content-Range").orElse(null)).isEqualTo(told);
    if (rows == null) {
      assertThat(answer.body()).contains("range-not-satisfiable");
    } else {
      assertThat(answer.body().split("\"sku\"", -1)).hasSize(rows + 1);
      assertThat(answer.headers().firstValue("Preference-Applied").orElse(null)).isEqualTo(prefer);
    }
  }

  @Test
  void rangeOfHeadAndOfAnotherUnitIsPassedOver() throws Exception {
    Map<String, String> range = Map.of("Range", "0-0");
    assertThat(send("HEAD", "/menu", "", range).headers().firstValue("Content-Range"))
        .contains("0-3/*");
    Map<String, String> pages = Map.of("Range", "0-0", "Range-Unit", "pages");
    assertThat(send("GET", "/menu", "", pages).headers().firstValue("Content-Range"))
        .contains("0-3/*");
  }

  @Test
  void preferencesThatAreNotUnderstoodAreRefusedWhenStrict() throws Exception {
    HttpResponse<String> lenient =
        send(
            "GET",
            "/menu?limit=1",
            "",
            Map.of("Prefer", "count=guessed, wait=10, handling=lenient"));
    assertThat(lenient.statusCode()).isEqualTo(200);
    assertThat(lenient.headers().firstValue("Preference-Applied")).contains("handling=lenient");
    HttpResponse<String> strict =
        send("GET", "/menu?limit=1", "", Map.of("Prefer", "handling=strict, wait=10, count=exact"));
    assertThat(strict.statusCode()).isEqualTo(400);
    assertThat(strict.body()).contains("wait=10").doesNotContain("count=exact,");
    assertThat(
            send("GET", "/menu?limit=1", "", Map.of("Prefer", "handling=strict, count=exact"))
                .headers()
                .firstValue("Preference-Applied"))
        .contains("handling=strict, count=exact");
  }

  @Test
  void csvHasHeaderAndQuotesWhatNeedsThem() throws Exception {
    HttpResponse<String> answer = csv("/menu?select=sku,name,tags&order=sku&sku=lt.e");
    assertThat(answer.headers().firstValue("Content-Type")).contains("text/csv;charset=utf-8");
    assertThat(answer.headers().firstValue("Vary"))
        .contains("Accept, Prefer, Range, Accept-Profile, X-Client-Info");
    assertThat(answer.body())
        .isEqualTo(
            "sku,name,tags\na,\"Salad \"\"verde\"\", large\",\"{1,2}\"\nb,Crème,{}\nc,\"\",\nd,,");
    assertThat(csv("/menu?sku=eq.z").body()).isEqualTo("sku,name,price,tags");
    assertThat(csv("/menu/d").body()).isEqualTo("sku,name,price,tags\nd,,9.00,");
    assertThat(
            csv("/odd?select=\"say%20\\\"hi\\\"%20\\\\\"&limit=1"
                    .replace("\"", "%22")
                    .replace("\\", "%5C"))
                .body())
        .isEqualTo("\"say \"\"hi\"\" \\\"\ny");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "*/*|application/json",
        "text/html, */*;q=0.8|application/json",
        "text/csv, application/json;q=0.5|text/csv;charset=utf-8",
        "text/csv;q=0.1, application/json|application/json",
        "application/json;q=0, */*|text/csv;charset=utf-8",
        "text/*|text/csv;charset=utf-8",
        "application/xml|",
        "application/json;q=0|",
      })
  void clientGetsWhatItLikesBestOrIsRefused(String accept, String type) throws Exception {
    HttpResponse<String> answer = send("GET", "/menu", "", Map.of("Accept", accept));
    assertThat(answer.statusCode()).isEqualTo(type == null ? 406 : 200);
    assertThat(answer.headers().firstValue("Content-Type"))
        .contains(type == null ? "application/problem+json" : type);
  }

  private static String orEmpty(String text) {
    return text == null ? "" : text;
  }

  private static HttpResponse<String> get(String path) throws Exception {
    return send("GET", path, "", Map.of());
  }

  private static HttpResponse<String> csv(String path) throws Exception {
    return send("GET", path, "", Map.of("Accept", "text/csv"));
  }

  private static HttpResponse<String> query(String path, String type, String content)
      throws Exception {
    return send("QUERY", path, content, Map.of("Content-Type", type));
  }

  private static HttpResponse<String> send(
      String method, String path, String content, Map<String, String> headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(TestBackend.uri(backend, path))
            .method(method, HttpRequest.BodyPublishers.ofString(content));
    headers.forEach(
        (name, value) -> {
          if (!value.isEmpty()) {
            request.header(name, value);
          }
        });
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** A request whose target goes out as it stands, in UTF-8. */
  private static String raw(String method, String target, String headers) throws Exception {
    return exchange(
        "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n"
            .formatted(method, target, headers));
  }

  private static String exchange(String request) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), TestBackend.port(backend))) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
