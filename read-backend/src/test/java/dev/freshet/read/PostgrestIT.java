package dev.freshet.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What PostgREST's clients expect of answers and errors, and pages that don't slip. */
class PostgrestIT {

  private static final JsonMapper JSON = new JsonMapper();
  private static final String OBJECT = "Accept: application/vnd.pgrst.object+json";
  private static final String STRIPPED = "Accept: application/vnd.pgrst.array+json;nulls=stripped";
  private static final String CLIENT = "X-Client-Info: supabase-js-web/2.80.0";
  private static final Pattern LINK = Pattern.compile("<([^>]*)>; rel=\"(\\w+)\"");

  @TempDir static Path folder;

  private static final HttpClient client = HttpClient.newHttpClient();
  private static Cluster cluster;
  private static ConfigurableApplicationContext backend;

  @BeforeAll
  static void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder, 0, 0, 17_490, false));
    execute(
        """
        create schema read;
        create table read.items (id int primary key, name text, size int, data jsonb, at timestamptz);
        insert into read.items select i, case when i % 3 > 0 then 'n' || i end, i % 4,
          jsonb_build_object('a', i, 'b', null), '2026-01-01T12:00:00Z'::timestamptz + make_interval(hours => i)
          from generate_series(1, 15) i;
        comment on table read.items is '{"freshet": {"key": ["id"], "aggregates": true}}';
        create table read.many (id int primary key, "group" int, note text);
        insert into read.many select i, nullif(i % 7, 0), 'x' from generate_series(1, 3000) i;
        analyze read.many;
        create table read.plain (id int primary key);
        """);
    backend = TestBackend.start(cluster.primary(), "primary", Map.of("freshet.read.row-cap", 100));
  }

  @AfterAll
  static void stop() {
    backend.close();
    cluster.close();
  }

  @Test
  void onlyRowIsAnObjectAndAnythingElseIsRefused() throws Exception {
    HttpResponse<String> one = get("/items?id=eq.5&select=id,name", OBJECT);
    assertThat(one.body()).isEqualTo("{\"id\":5,\"name\":\"n5\"}");
    assertThat(one.headers().firstValue("Content-Type"))
        .contains("application/vnd.pgrst.object+json");
    assertThat(one.headers().firstValue("Content-Range")).contains("0-0/1");
    assertThat(get("/items?id=eq.5&select=id", "Accept: application/vnd.pgrst.object").body())
        .isEqualTo("{\"id\":5}");
    assertThat(get("/items/5?select=id", OBJECT).body()).isEqualTo("{\"id\":5}");
    assertError(
        get("/items", OBJECT),
        406,
        "PGRST116",
        "Cannot coerce the result to a single JSON object",
        "The result contains 15 rows");
    assertError(
        get("/items?id=eq.99", OBJECT),
        406,
        "PGRST116",
        "Cannot coerce the result to a single JSON object",
        "The result contains 0 rows");
  }

  @Test
  void nullsAreStrippedFromRowsAndFromWhatIsWithin() throws Exception {
    assertThat(get("/items?id=in.(2,3)&select=id,name,data", STRIPPED).body())
        .isEqualToIgnoringWhitespace(
            "[{\"id\":2,\"name\":\"n2\",\"data\":{\"a\":2}},{\"id\":3,\"data\":{\"a\":3}}]");
    assertThat(get("/items?id=eq.3&select=id,name", OBJECT + ";nulls=stripped").body())
        .isEqualTo("{\"id\":3}");
    assertThat(get("/items/3?select=id,name", OBJECT + ";nulls=stripped").body())
        .isEqualTo("{\"id\":3}");
    assertThat(get("/items/3", STRIPPED).statusCode()).isEqualTo(406);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "/items?id=eqq.1|400|PGRST100|\"failed to parse filter (eqq.1)\" (line 1, column 1)",
        "/items?select=id,name->|400|PGRST100|\"failed to parse select parameter (id,name->)\" (line 1, column 10)",
        "/items?order=id.up|400|PGRST100|\"failed to parse order (id.up)\" (line 1, column 6)",
        "/items?or=(id.eq.1|400|PGRST100|\"failed to parse logic tree ((id.eq.1)\" (line 1, column 9)",
        "/items?nope=eq.1|400|42703|column items.nope does not exist",
        "/items?select=nope|400|42703|column items.nope does not exist",
        "/nope|404|PGRST205|Could not find the table 'read.nope' in the schema cache",
        "/items?select=other(*)|400|PGRST200|Could not find a relationship between 'items' and 'other' in the schema cache",
        "/plain?select=count()|400|PGRST123|Use of aggregate functions is not allowed",
        "/items?limit=-1|416|PGRST103|Requested range not satisfiable",
        "/items?id=eq.x|400|22P02|invalid input syntax for type integer: \"x\"",
        "/items?id=like.1|404|42883|operator does not exist: integer ~~ unknown",
      })
  void errorsAreThoseOfPostgrest(String target, int status, String code, String message)
      throws Exception {
    HttpResponse<String> answer = get(target.replace("\"", "%22").replace(">", "%3E"), CLIENT);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    JsonNode error = JSON.readTree(answer.body());
    assertThat(error.propertyNames())
        .containsExactlyInAnyOrder("code", "message", "details", "hint");
    assertThat(error.get("code").asString()).isEqualTo(code);
    assertThat(error.get("message").asString()).isEqualTo(message);
    // And others are told as ever.
    assertThat(
            get(target.replace("\"", "%22").replace(">", "%3E"))
                .headers()
                .firstValue("Content-Type"))
        .contains("application/problem+json");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "X-Client-Info: postgrest-js/2.80.0",
        "x-client-info: Supabase-Dart/1",
        "Accept: application/vnd.pgrst.array+json;nulls=stripped",
        "Accept-Profile: read",
      })
  void clientsOfPostgrestAreKnownByTheirHeaders(String header) throws Exception {
    assertThat(JSON.readTree(get("/items?id=eqq.1", header).body()).get("code").asString())
        .isEqualTo("PGRST100");
  }

  /** As PostgREST's documentation has them. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "id=gte.3&id=lt.5|3 4",
        "or=(id.eq.1,id.eq.2)|1 2",
        "or=( id.eq.1 , id.eq.2 )|1 2",
        "and=(id.gte.1,id.lte.3,not.or(id.eq.2,id.eq.9))|1 3",
        "or=(and(id.eq.1,name.eq.n1),id.in.(4,5))|1 4 5",
        "or=(name.is.null,id.eq.1)&id=lt.4|1 3",
        "or=(name.like.n1*,name.eq.\"n2\")&id=lt.12|1 2 10 11",
        "not.and=(id.gt.3,id.lt.15)|1 2 3 15",
        "not.or=(id.gt.3,id.lt.2)|2 3",
        "or=(not.and(id.gt.2,id.lt.14),id.eq.7)|1 2 7 14 15",
        "name=not.is.null&id=lt.5|1 2 4",
        "name=isdistinct.n1&id=lt.4|2 3",
        "name=not.isdistinct.n1|1",
        "name=in.(n1,n2,\"n4\")|1 2 4",
        "id=not.in.(1,2,3,4,5,6,7,8,9,10,11,12)|13 14 15",
        "name=eq(any).{n1,n2}|1 2",
        "name=like(any).{n1*,n2*}&id=lt.11|1 2 10",
        "name=like(all).{n*,*1}|1 11",
        "id=gt(all).{3,12}|13 14 15",
        "name=match.^n[12]$|1 2",
        "name=imatch.^N1$|1",
        "data->>a=eq.5|5",
        "data->a=gt.13|14 15",
        "data->>b=is.null&id=lt.3|1 2",
        "data->b=is.null|",
        "data=cs.{\"a\": 7}|7",
        "or=(data->>a.eq.5,data->a.lt.2)|1 5",
        "order=data->a.desc&limit=2|15 14",
        "order=size.desc,id.asc&limit=3|3 7 11",
        "order=name.nullsfirst,id.desc&limit=2|15 12",
        "order=name.desc.nullslast&limit=2|8 7",
        "offset=13|14 15",
        "limit=0|",
      })
  void rulesOfTheGrammarHold(String query, @Nullable String expected) throws Exception {
    String encoded =
        Arrays.stream(query.split("&", -1))
            .map(parameter -> parameter.split("=", 2))
            .map(
                parameter ->
                    URLEncoder.encode(parameter[0], StandardCharsets.UTF_8)
                        + "="
                        + URLEncoder.encode(parameter[1], StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    String order = query.contains("order=") ? "" : "&order=id";
    HttpResponse<String> answer = get("/items?select=id&" + encoded + order, CLIENT);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(ids(answer))
        .isEqualTo(
            expected == null
                ? List.of()
                : Arrays.stream(expected.split(" ", -1)).map(Integer::valueOf).toList());
  }

  @Test
  void schemaMediaTypeRangeAndPreferencesAreRefusedAsThere() throws Exception {
    assertError(
        get("/items", "Accept-Profile: secret"), 406, "PGRST106", "Invalid schema: secret", null);
    assertThat(get("/items", "Accept-Profile: read").headers().firstValue("Content-Profile"))
        .contains("read");
    assertError(
        get("/items", CLIENT, "Accept: text/unknown"),
        406,
        "PGRST107",
        "None of these media types are available: text/unknown",
        null);
    assertError(
        get("/items?offset=100", CLIENT, "Prefer: count=exact"),
        416,
        "PGRST103",
        "Requested range not satisfiable",
        "An offset of 100 was requested, but there are only 15 rows.");
    assertError(
        get("/items", CLIENT, "Range: 5-2"),
        416,
        "PGRST103",
        "Requested range not satisfiable",
        "The lower boundary must be lower than or equal to the upper boundary in the Range header.");
    assertError(
        get("/items", CLIENT, "Prefer: handling=strict, anything, timezone=Nowhere/At_All"),
        400,
        "PGRST122",
        "Invalid preferences given with handling=strict",
        "Invalid preferences: anything");
    assertError(
        get("/items", CLIENT, "Prefer: handling=strict, timezone=Nowhere/At_All"),
        400,
        "PGRST122",
        "Invalid preferences given with handling=strict",
        "Invalid preferences: timezone=Nowhere/At_All");
  }

  @Test
  void arrayOfPostgrestIsJson() throws Exception {
    HttpResponse<String> answer =
        get("/items?id=eq.1&select=id", "Accept: application/vnd.pgrst.array+json");
    assertThat(answer.body()).isEqualTo("[{\"id\":1}]");
    assertThat(get("/items", "Range: 5-9").statusCode()).isEqualTo(200);
  }

  @Test
  void timesAreToldInTheZoneThatIsPreferredAndInNoOtherAfterwards() throws Exception {
    HttpResponse<String> zoned =
        get("/items?id=eq.1&select=at", "Prefer: timezone=America/Los_Angeles, max-affected=3");
    assertThat(zoned.body()).isEqualTo("[{\"at\":\"2026-01-01T05:00:00-08:00\"}]");
    assertThat(zoned.headers().firstValue("Preference-Applied"))
        .contains("timezone=America/Los_Angeles");
    for (int i = 0; i < 40; i++) { // prepared and not
      assertThat(get("/items?id=eq.1&select=at", "Prefer: timezone=America/Los_Angeles").body())
          .contains("-08:00");
    }
    for (int i = 0; i < 20; i++) { // through all connections
      assertThat(get("/items?id=eq.1&select=at").body()).doesNotContain("-08:00");
    }
    HttpResponse<String> nowhere =
        get("/items?id=eq.1&select=at", "Prefer: timezone=Nowhere/At_All");
    assertThat(nowhere.statusCode()).isEqualTo(200);
    assertThat(nowhere.headers().firstValue("Preference-Applied")).isEmpty();
  }

  @Test
  void numberOfRowsIsCountedPlannedOrEstimated() throws Exception {
    assertRange("/many?limit=2", "count=exact", 206, "0-1/3000");
    assertRange("/many?limit=2", "count=planned", 206, "0-1/3000");
    assertRange("/many?limit=2", "count=estimated", 206, "0-1/3000");
    // Up to the most rows of an answer an estimate is a count.
    assertRange("/many?limit=2&id=lt.51", "count=estimated", 206, "0-1/50");
    HttpResponse<String> planned = get("/many?limit=2&note=neq.x", "Prefer: count=planned");
    assertThat(planned.headers().firstValue("Content-Range").orElseThrow()).startsWith("*/");
    assertRange("/items?select=count(),size", "count=exact", 200, "0-3/4");
  }

  private static void assertRange(String target, String preference, int status, String range)
      throws Exception {
    HttpResponse<String> answer = get(target, "Prefer: " + preference);
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(answer.headers().firstValue("Content-Range")).contains(range);
  }

  @Test
  void aggregatesAreOfGroups() throws Exception {
    assertThat(get("/items?select=size,id.sum(),n:count(),latest:at::date.max()::text").body())
        .isEqualToIgnoringWhitespace(
            """
            [{"size":0,"sum":24,"n":3,"latest":"2026-01-02"},\s
             {"size":1,"sum":28,"n":4,"latest":"2026-01-02"},\s
             {"size":2,"sum":32,"n":4,"latest":"2026-01-02"},\s
             {"size":3,"sum":36,"n":4,"latest":"2026-01-02"}]""");
    assertThat(get("/items?select=data-%3E%3Ea,n:count()&id=lt.3").body())
        .isEqualToIgnoringWhitespace("[{\"a\":\"1\",\"n\":1},{\"a\":\"2\",\"n\":1}]");
    assertThat(get("/items?select=count()&id=gt.99").body()).isEqualTo("[{\"count\":0}]");
    assertThat(get("/items?select=count()", OBJECT).body()).isEqualTo("{\"count\":15}");
    assertThat(get("/items?select=size,id.max()&order=size.desc&limit=1&offset=1").body())
        .isEqualTo("[{\"size\":2,\"max\":14}]");
    assertThat(get("/items?select=size,id.max()&size=eq.1", "Accept: text/csv").body())
        .isEqualTo("size,max\n1,13");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "limit=7",
        "limit=7&order=name.desc",
        "limit=7&order=group,note&select=id&id=lt.300",
        "limit=7&order=group.desc.nullslast&select=id,note&id=lt.200",
        "limit=50&order=group.nullsfirst,id.desc",
        "limit=99&order=note,group.desc&id=lt.1500&select=n:id,id,group",
        "limit=3&id=gt.2990&select=id",
      })
  void pagesHoldEachRowOnceThereAndBack(String query) throws Exception {
    String model = query.contains("name") ? "/items" : "/many";
    List<Integer> forth = new ArrayList<>();
    List<List<Integer>> pages = new ArrayList<>();
    String next = "?" + query;
    String last = next;
    while (next != null) {
      HttpResponse<String> page = get(model + next);
      assertThat(page.statusCode()).as(page.body()).isEqualTo(200);
      pages.add(ids(page));
      forth.addAll(pages.getLast());
      last = next;
      next = link(page, "next");
    }
    assertThat(forth).isEqualTo(ids(query, model)).doesNotHaveDuplicates();
    for (int i = pages.size() - 2; i >= 0; i--) {
      HttpResponse<String> before = get(model + link(get(model + last), "prev"));
      assertThat(ids(before)).isEqualTo(pages.get(i));
      assertThat(link(before, "prev") == null).isEqualTo(i == 0);
      // From a page before, the next one is where it came from.
      assertThat(ids(get(model + link(before, "next")))).isEqualTo(pages.get(i + 1));
      last = "?" + query + "&before=" + cursor(link(get(model + last), "prev"));
    }
  }

  /** All ids in the order of the query, by SQL. */
  private static List<Integer> ids(String query, String model) throws Exception {
    List<Integer> ids = new ArrayList<>();
    for (int offset = 0; ; offset += 100) {
      String all = query.replaceFirst("limit=\\d+", "limit=100&offset=" + offset);
      List<Integer> more = ids(get(model + "?" + all));
      ids.addAll(more);
      if (more.size() < 100) {
        return ids;
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/gaps?limit=2", "/gaps?limit=2&order=id.desc", "/gap_view?limit=2"})
  void pagesHoldRowsWhoseKeyIsNull(String pages) throws Exception {
    execute(
        """
        create table if not exists read.gaps (id text, n int);
        create or replace view read.gap_view as select * from read.gaps;
        truncate read.gaps;
        insert into read.gaps values ('a', 1), ('b', 2), ('c', 3), (null, 4);
        comment on table read.gaps is '{"freshet": {"key": ["id"]}}';
        comment on view read.gap_view is '{"freshet": {"key": ["id"]}}';
        """);
    int rows = 0;
    String model = pages.replaceFirst("\\?.*", "");
    await().until(() -> get(model).statusCode() == 200);
    String next = pages.replaceFirst("^[^?]*", "");
    while (next != null) {
      HttpResponse<String> page = get(model + next);
      rows += JSON.readTree(page.body()).size();
      next = link(page, "next");
    }
    assertThat(rows).isEqualTo(4);
  }

  @Test
  void pagesLoseNoRowAndRepeatNoneWhileOthersComeAndGo() throws Exception {
    execute(
        "create table read.moving (id int primary key, rank int); insert into read.moving select i, i from generate_series(1, 500) i");
    AtomicBoolean isOver = new AtomicBoolean();
    Thread changes =
        Thread.ofVirtual()
            .start(
                () -> {
                  Random random = new Random(7);
                  while (!isOver.get()) {
                    // Even ids come and go, in front of the page and behind it; odd ones stay.
                    int id = 2 * random.nextInt(250) + 2;
                    try {
                      execute(
                          random.nextBoolean()
                              ? "delete from read.moving where id = " + id
                              : "insert into read.moving values (%d, %1$d) on conflict do nothing"
                                  .formatted(id));
                    } catch (SQLException e) {
                      throw new IllegalStateException(e);
                    }
                  }
                });
    try {
      for (int round = 0; round < 5; round++) {
        assertThat(changes.isAlive()).isTrue();
        List<Integer> seen = new ArrayList<>();
        String next = "?order=rank&limit=9";
        while (next != null) {
          HttpResponse<String> page = get("/moving" + next);
          seen.addAll(ids(page));
          next = link(page, "next");
        }
        assertThat(seen).isSorted().doesNotHaveDuplicates();
        assertThat(seen.stream().filter(id -> id % 2 == 1)).hasSize(250);
      }
    } finally {
      isOver.set(true);
      changes.join();
    }
  }

  @Test
  void queryByContentHasCursorsAndGroupsOfConditions() throws Exception {
    HttpResponse<String> first =
        query("{\"select\":\"id\",\"filter\":{\"or\":\"(id.eq.1,id.gt.13)\"},\"limit\":2}");
    assertThat(ids(first)).containsExactly(1, 14);
    String cursor = cursor(link(first, "next"));
    HttpResponse<String> second =
        query(
            "{\"select\":\"id\",\"filter\":{\"or\":\"(id.eq.1,id.gt.13)\"},\"limit\":2,\"after\":\"%s\"}"
                .formatted(cursor));
    assertThat(ids(second)).containsExactly(15);
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "bm9wZQ", "W10", "WzEsMl0", "%22", "W251bGwsIjEiXQ"})
  void whatIsNoCursorIsRefused(String cursor) throws Exception {
    assertThat(get("/items?after=" + cursor).statusCode()).isEqualTo(400);
  }

  private static HttpResponse<String> query(String content)
      throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(TestBackend.uri(backend, "/items"))
            .method("QUERY", HttpRequest.BodyPublishers.ofString(content))
            .header("Content-Type", "application/json")
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static List<Integer> ids(HttpResponse<String> page) {
    List<Integer> ids = new ArrayList<>();
    JSON.readTree(page.body()).forEach(row -> ids.add(row.get("id").asInt()));
    return ids;
  }

  private static @Nullable String link(HttpResponse<String> answer, String relation) {
    return answer.headers().firstValue("Link").stream()
        .flatMap(header -> LINK.matcher(header).results())
        .filter(link -> link.group(2).equals(relation))
        .map(link -> link.group(1))
        .findFirst()
        .orElse(null);
  }

  private static String cursor(@Nullable String link) {
    Matcher cursor = Pattern.compile("(?:after|before)=([\\w-]+)$").matcher(String.valueOf(link));
    assertThat(cursor.find()).isTrue();
    return cursor.group(1);
  }

  private static void assertError(
      HttpResponse<String> answer,
      int status,
      String code,
      String message,
      @Nullable String details) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().firstValue("Content-Type"))
        .contains("application/json; charset=utf-8");
    JsonNode error = JSON.readTree(answer.body());
    assertThat(error.get("code").asString()).isEqualTo(code);
    assertThat(error.get("message").asString()).isEqualTo(message);
    assertThat(error.get("details").isNull() ? null : error.get("details").asString())
        .isEqualTo(details);
  }

  private static HttpResponse<String> get(String target, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(TestBackend.uri(backend, target));
    Arrays.stream(headers)
        .map(header -> header.split(": ", 2))
        .forEach(header -> request.header(header[0], header[1]));
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static void execute(String sql) throws SQLException {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
