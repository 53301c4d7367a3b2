package dev.freshet.read;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.postgres.PinnedSession;
import dev.freshet.postgres.TextSearch;
import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import dev.freshet.search.Batch;
import dev.freshet.search.Json;
import dev.freshet.search.ModelIndex;
import dev.freshet.search.Progress;
import dev.freshet.search.RowDocument;
import dev.freshet.search.SearchAddress;
import dev.freshet.search.SearchClient;
import dev.freshet.search.StoreNames;
import dev.freshet.searchnode.SearchNode;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * The same rows in PostgreSQL and in OpenSearch answer the same queries alike, byte for byte, or
 * OpenSearch's copy says by name what it does not answer.
 */
class SearchConformanceIT {

  private static final Logger log = LoggerFactory.getLogger(SearchConformanceIT.class);

  private static final int QUERIES = Boolean.getBoolean("freshet.long") ? 20_000 : 400;
  private static final int ROWS = 120;
  private static final Position PLACE = new Position(1, Lsn.parse("0/5000"));
  private static final TextSearch SEARCH = new TextSearch(List.of("t", "k.name"), "english");

  /** Values of each column, as SQL has them and as a query has them. */
  private static final Map<String, List<String>> VALUES = new LinkedHashMap<>();

  static {
    VALUES.put("b", List.of("true", "false"));
    VALUES.put("s", List.of("0", "-7", "32767"));
    VALUES.put("big", List.of("9007199254740993", "9007199254740992", "-9223372036854775807", "5"));
    VALUES.put("r", List.of("0.1", "0.5", "-0", "1e+20"));
    VALUES.put("d", List.of("0.1", "0.30000000000000004", "-0", "1e+300"));
    VALUES.put("m", List.of("17.00", "17.5", "-0.05", "99999999.99"));
    VALUES.put(
        "t", List.of("", "a", "B", "ä", "100%", "a_b", "quick brown fox", "running foxes", "*?"));
    VALUES.put(
        "u",
        List.of("00000000-0000-0000-0000-000000000001", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"));
    VALUES.put("day", List.of("2026-02-28", "1969-12-31", "infinity", "0044-03-15 BC"));
    VALUES.put("ts", List.of("2026-11-30 12:00:00.000001", "2026-11-30 12:00:00", "-infinity"));
    VALUES.put(
        "tz", List.of("2026-11-30 12:00:00+00", "1969-12-31 23:59:59.999999+00", "infinity"));
  }

  @TempDir static Path folder;

  private static final HttpClient client = HttpClient.newHttpClient();
  private static Cluster cluster;
  private static SearchNode node;
  private static ConfigurableApplicationContext sql;
  private static ConfigurableApplicationContext search;

  @BeforeAll
  @Timeout(60)
  static void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder.resolve("data"), 0, 0, 17_570, false));
    node = SearchNode.start(folder.resolve("search"), 17_590);
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement()) {
      statement.execute(PinnedSession.SQL);
      statement.execute(
          """
          create schema read;
          create table read.things (id int primary key, b boolean, s smallint, big bigint, r real, d double precision,
            m numeric(10,2), t text, u uuid, day date, ts timestamp, tz timestamptz, k jsonb);
          comment on table read.things is '{"freshet": {"key": ["id"], "version": "s", "search": {"text": ["t", "k.name"], "language": "english"}}}'
          """);
      fill(statement);
      store(statement);
    }
    sql = TestBackend.start(cluster.primary(), "primary", Map.of());
    search =
        ReadBackend.start(
            Map.of(
                "server.port", 0,
                "server.address", "127.0.0.1",
                "freshet.read.id", "search-1",
                "freshet.read.kind", "search",
                "freshet.read.source", node.url()));
    // Its position is not known before it has asked.
    while (!get(search, "/.freshet/position").body().contains("\"ready\":true")) {
      Thread.onSpinWait();
    }
  }

  @AfterAll
  static void stop() {
    search.close();
    sql.close();
    node.close();
    cluster.close();
  }

  private static void fill(Statement statement) throws Exception {
    long seed = Long.getLong("freshet.test.seed", System.nanoTime());
    log.warn("Random rows and queries with -Dfreshet.test.seed={}", seed);
    Random random = new Random(seed);
    for (int id = 1; id <= ROWS; id++) {
      List<String> row = new ArrayList<>(List.of(Integer.toString(id)));
      for (List<String> values : VALUES.values()) {
        row.add(random.nextInt(5) == 0 ? "null" : "'" + pick(random, values) + "'");
      }
      row.add(random.nextBoolean() ? "null" : "'{\"name\": \"jumping dogs\", \"n\": [1.10, 2]}'");
      statement.addBatch("insert into read.things values (" + String.join(", ", row) + ")");
    }
    statement.executeBatch();
  }

  private static String pick(Random random, List<String> values) {
    return values.get(random.nextInt(values.size()));
  }

  /** Writes the rows as a follower does. */
  private static void store(Statement statement) throws Exception {
    Map<String, String> columns = new LinkedHashMap<>();
    List<List<@Nullable String>> rows = new ArrayList<>();
    try (ResultSet type =
        statement.executeQuery(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'read.things'::regclass and attnum > 0 order by attnum")) {
      while (type.next()) {
        columns.put(type.getString(1), type.getString(2));
      }
    }
    try (ResultSet row = statement.executeQuery("select * from read.things")) {
      while (row.next()) {
        List<@Nullable String> values = new ArrayList<>();
        for (int i = 1; i <= columns.size(); i++) {
          values.add(row.getString(i));
        }
        rows.add(values);
      }
    }
    ModelIndex index =
        new ModelIndex(
            "things", columns, List.of("id"), "s", Set.of("id"), Set.of("t"), SEARCH, "");
    String name = StoreNames.index("things", 1);
    try (SearchClient store = SearchClient.open(SearchAddress.parse(node.url()))) {
      store.send("PUT", "/" + name, index.creation(0));
      StringBuilder lines = new StringBuilder();
      RowDocument documents = new RowDocument(index);
      rows.forEach(
          row -> lines.append(line(name, RowDocument.id(row.subList(0, 1)), documents.of(row))));
      lines.append(line(name, StoreNames.PLACE, new Batch(PLACE, PLACE).document()));
      assertThat(
              store.sendLines("/_bulk?refresh=true", lines.toString()).path("errors").asBoolean())
          .isFalse();
      store.send("PUT", "/%s/_alias/%s".formatted(name, StoreNames.alias("things")), null);
      store.send("PUT", "/" + StoreNames.PROGRESS, Progress.creation(0));
      store.send(
          "PUT",
          "/%s/_doc/%s?refresh=true".formatted(StoreNames.PROGRESS, StoreNames.PLACE),
          new Progress(PLACE, "7", "a test", "a test", Instant.now(), Instant.now()).document());
    }
  }

  private static String line(String index, String id, String document) {
    return "{\"index\":{\"_index\":\"%s\",\"_id\":%s}}\n%s\n"
        .formatted(index, Json.string(id), document);
  }

  @Test
  void randomQueriesAreAnsweredAlikeOrRefusedByName() throws Exception {
    Random random = new Random(Long.getLong("freshet.test.seed", System.nanoTime()));
    int answered = 0;
    for (int i = 0; i < QUERIES; i++) {
      answered += isAnsweredAlike("/things?" + query(random)) ? 1 : 0;
    }
    // Most are: a copy that refuses everything would pass otherwise.
    assertThat(answered).isGreaterThan(QUERIES * 8 / 10);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/things",
        "/things/7",
        "/things/0",
        "/things/7?select=t,b,nr:id",
        "/things?id=eq.3&select=id,k,m",
        "/things?t=like.*b*",
        "/things?t=like.100\\%25",
        "/things?t=not.like.a%25",
        "/things?t=like.\\*?",
        "/things?m=in.(17,17.50)&order=id.desc",
        "/things?b=is.true&b=not.is.null",
        "/things?b=is.unknown",
        "/things?t=in.()",
        "/things?not.and=(s.eq.0,t.is.null)",
        "/things?m=gt(any).{1,18}",
        "/things?m=eq(all).{17,17.0}",
        "/things?limit=0",
        "/things?offset=200",
        "/things?nowhere=eq.1",
        "/things?s=frob.1",
        "/things?order=nowhere",
        "/things?select=id,id",
        "/things?order=t.desc.nullsfirst,tz.asc.nullslast,d&limit=7&offset=3",
      })
  void queriesAreAnsweredAlike(String path) throws Exception {
    assertThat(isAnsweredAlike(path)).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "/things?t=ilike.A*|the operator 'ilike'",
        "/things?k->>name=eq.x|what stands within 'k'",
        "/things?k=is.null|filters and orders on 'k'",
        "/things?select=id::text|values that are made of others",
        "/things?select=count()|groups of rows",
        "/things?s=eq.x|comparisons of 's' with 'x'",
        "/things?m=eq.1.001|comparisons of 'm' with '1.001'",
        "/things?offset=9990&limit=20|pages that end behind the row 10000",
        "/things?search=fts.a%26b|'fts' with operators",
        "/things?search=wfts(german).x|by the rules of 'german'",
      })
  void whatIsNotAnsweredIsSaidAndLeftToOthers(String path, String what) throws Exception {
    HttpResponse<String> refused = get(search, path);
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.body()).contains("not-caught-up", "A search store does not answer", what);
    assertThat(refused.headers().firstValue("Freshet-Position")).contains(PLACE.toString());
  }

  @Test
  void pagesFollowEachOtherThereAndBack() throws Exception {
    for (String order : List.of("id", "t.desc,m", "d.desc.nullslast,tz", "b,big.desc")) {
      String first =
          "/things?select=id&limit=25&order="
              + order
              + "&t=not.is.null&d=not.is.null&tz=not.is.null&b=not.is.null&m=not.is.null&big=not.is.null";
      HttpResponse<String> here = get(search, first);
      HttpResponse<String> there = get(sql, first);
      for (int page = 0; page < 20; page++) {
        assertThat(here.body()).as("%s, page %d", order, page).isEqualTo(there.body());
        assertThat(here.headers().allValues("Link")).isEqualTo(there.headers().allValues("Link"));
        Optional<String> next = link(there, "next");
        if (next.isEmpty()) {
          break;
        }
        here = get(search, "/things" + next.get());
        there = get(sql, "/things" + next.get());
      }
      Optional<String> back = link(there, "prev");
      if (back.isPresent()) {
        assertThat(get(search, "/things" + back.get()).body())
            .isEqualTo(get(sql, "/things" + back.get()).body());
      }
    }
  }

  @Test
  void indexThatTakesAnothersPlaceIsReadByItsOwnFields() throws Exception {
    String row = "[{\"a\":1,\"b\":10}]";
    swapIn(1, List.of("a", "b"), List.of("1", "10"));
    assertThat(get(search, "/swapped?b=eq.10&select=a,b").body()).isEqualTo(row);
    swapIn(2, List.of("b", "a"), List.of("10", "1"));
    assertThat(get(search, "/swapped?b=eq.10&select=a,b").body()).isEqualTo(row);
    assertThat(get(search, "/swapped/1?select=a,b").body()).isEqualTo("{\"a\":1,\"b\":10}");
  }

  private static void swapIn(int number, List<String> columns, List<String> values)
      throws Exception {
    Map<String, String> types = new LinkedHashMap<>();
    columns.forEach(column -> types.put(column, "integer"));
    ModelIndex index =
        new ModelIndex("swapped", types, List.of("a"), null, Set.of("a"), Set.of(), null, "");
    String name = StoreNames.index("swapped", number);
    try (SearchClient store = SearchClient.open(SearchAddress.parse(node.url()))) {
      store.send("PUT", "/" + name, index.creation(0));
      store.sendLines(
          "/_bulk?refresh=true",
          line(name, RowDocument.id(List.of("1")), new RowDocument(index).of(values))
              + line(name, StoreNames.PLACE, new Batch(PLACE, PLACE).document()));
      String alias = StoreNames.alias("swapped");
      store.send(
          "POST",
          "/_aliases",
          "{\"actions\":[{\"remove\":{\"index\":\"%1$s-*\",\"alias\":\"%1$s\",\"must_exist\":false}},{\"add\":{\"index\":\"%2$s\",\"alias\":\"%1$s\"}}]}"
              .formatted(alias, name));
    }
  }

  @Test
  void wordsAreFoundAndSortedByHowWellTheyMatch() throws Exception {
    assertThat(get(search, "/things?search=wfts.fox&order=rank.desc&select=id,t").body())
        .contains("quick brown fox", "running foxes")
        .doesNotContain("\"a\"");
    assertThat(get(search, "/things?search=wfts.jump -fox&select=id").body()).startsWith("[{");
    assertThat(get(search, "/things?search=wfts.\"brown quick\"").body()).isEqualTo("[]");
    assertThat(get(search, "/things?search=phfts.quick brown&select=t&limit=1").body())
        .isEqualTo("[{\"t\":\"quick brown fox\"}]");
    assertThat(get(search, "/things?t=plfts.run&select=t&limit=1").body())
        .isEqualTo("[{\"t\":\"running foxes\"}]");
    for (String query :
        List.of(
            "search=plfts.fox",
            "search=wfts.fox or dog",
            "t=phfts.brown fox",
            "search=not.wfts.fox")) {
      assertThat(get(search, "/things?select=id&order=id&" + query).body())
          .as(query)
          .isEqualTo(get(sql, "/things?select=id&order=id&" + query).body());
    }
  }

  /** Their cursors would name a rank, which other rows change. */
  @Test
  void rankedPagesLeadToTheNextByTheirOffset() throws Exception {
    String first = "/things?search=wfts.fox or dog&order=rank.desc&select=id";
    List<String> all = ids(get(search, first).body());
    assertThat(all).hasSizeGreaterThan(2);
    List<String> paged = new ArrayList<>();
    Optional<String> next = Optional.of(first + "&limit=1");
    while (next.isPresent()) {
      HttpResponse<String> page = get(search, next.get());
      paged.addAll(ids(page.body()));
      next = link(page, "next").map(target -> "/things" + target);
      assertThat(paged).hasSizeLessThanOrEqualTo(all.size());
    }
    assertThat(paged).isEqualTo(all);
  }

  private static List<String> ids(String body) {
    return Pattern.compile("\"id\":(\\d+)").matcher(body).results().map(id -> id.group(1)).toList();
  }

  private static Optional<String> link(HttpResponse<String> answer, String relation) {
    return answer.headers().allValues("Link").stream()
        .flatMap(link -> Stream.of(link.split(", (?=<)")))
        .filter(link -> link.contains("rel=\"" + relation + "\""))
        .map(link -> link.substring(1, link.indexOf('>')))
        .findFirst();
  }

  /** False where it was refused by name. */
  private static boolean isAnsweredAlike(String path) throws Exception {
    HttpResponse<String> here = get(search, path);
    if (here.statusCode() == 503) {
      assertThat(here.body()).as(path).contains("A search store does not answer");
      return false;
    }
    HttpResponse<String> there = get(sql, path);
    assertThat(here.body()).as(path).isEqualTo(there.body());
    assertThat(here.statusCode()).as(path).isEqualTo(there.statusCode());
    for (String header : List.of("Content-Range", "Content-Type", "ETag", "Link")) {
      assertThat(here.headers().allValues(header))
          .as("%s of %s", header, path)
          .isEqualTo(there.headers().allValues(header));
    }
    return true;
  }

  private static String query(Random random) {
    List<String> parts = new ArrayList<>();
    int filters = random.nextInt(3);
    for (int i = 0; i < filters; i++) {
      parts.add(
          random.nextInt(3) == 0
              ? (random.nextBoolean() ? "or=" : "not.and=")
                  + encoded("(" + leaf(random, ".") + "," + leaf(random, ".") + ")")
              : topLeaf(random));
    }
    if (random.nextBoolean()) {
      parts.add(
          "order="
              + column(random)
              + pick(random, List.of("", ".desc", ".desc.nullslast", ".nullsfirst")));
    }
    if (random.nextBoolean()) {
      parts.add("limit=" + random.nextInt(20));
      parts.add("offset=" + random.nextInt(10));
    }
    if (random.nextBoolean()) {
      parts.add("select=id," + column(random));
    }
    return String.join("&", parts);
  }

  private static String column(Random random) {
    return pick(random, List.copyOf(VALUES.keySet()));
  }

  private static String topLeaf(Random random) {
    String leaf = leaf(random, "=");
    int equals = leaf.indexOf('=');
    return leaf.substring(0, equals + 1) + encoded(leaf.substring(equals + 1));
  }

  private static String leaf(Random random, String behindColumn) {
    String column = column(random);
    String value = pick(random, VALUES.getOrDefault(column, List.of()));
    String quoted = behindColumn.equals(".") ? "\"" + value + "\"" : value;
    String not = random.nextInt(4) == 0 ? "not." : "";
    String condition =
        switch (random.nextInt(5)) {
          case 0 -> "is.null";
          case 1 ->
              "in.(\"%s\",\"%s\")"
                  .formatted(value, pick(random, VALUES.getOrDefault(column, List.of())));
          case 2 -> "isdistinct." + quoted;
          default -> pick(random, List.of("eq", "neq", "gt", "gte", "lt", "lte")) + "." + quoted;
        };
    return column + behindColumn + not + condition;
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static HttpResponse<String> get(ConfigurableApplicationContext backend, String path)
      throws Exception {
    String quoted =
        path.replace(" ", "%20")
            .replace("\"", "%22")
            .replace("{", "%7B")
            .replace("}", "%7D")
            .replace("\\", "%5C")
            .replace(">", "%3E");
    return client.send(
        HttpRequest.newBuilder(URI.create(TestBackend.uri(backend, "") + quoted))
            .header("Prefer", "count=exact")
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
