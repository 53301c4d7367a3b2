package dev.freshet.read;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ConfigurableApplicationContext;

/** Random trees of filters over random rows choose the rows that the same predicate in SQL does. */
class RandomFiltersIT {

  private static final Logger log = LoggerFactory.getLogger(RandomFiltersIT.class);

  private static final int QUERIES = Boolean.getBoolean("freshet.long") ? 20_000 : 1_500;

  private static final List<String> TEXTS =
      List.of(
          "", "a", "b,c", "(d)", "e.f", "\"g\"", "h\\i", "'j'", "k%l", "m_n", "{o}", "ü", "null",
          "*");

  @TempDir static Path folder;

  private static final HttpClient client = HttpClient.newHttpClient();
  private static Cluster cluster;
  private static ConfigurableApplicationContext backend;

  @BeforeAll
  static void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder, 0, 0, 17_520, false));
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          create schema read;
          create table read.t (id int primary key, n int, s text, arr int[], r int4range, data jsonb)
          """);
    }
    backend = TestBackend.start(cluster.primary(), "primary", Map.of());
  }

  @AfterAll
  static void stop() {
    backend.close();
    cluster.close();
  }

  /**
   * A filter both ways.
   *
   * @param inTree as a member of a group
   * @param sql with a {@code ?} for each value
   */
  private record Filter(String inTree, String sql, List<String> values) {}

  @Test
  void treesChooseTheRowsThatSqlChooses() throws Exception {
    long seed = Long.getLong("freshet.test.seed", System.nanoTime());
    log.warn("Random filters with -Dfreshet.test.seed={}", seed);
    Random random = new Random(seed);
    try (Connection connection = cluster.primary().connect()) {
      fill(connection, random);
      for (int i = 0; i < QUERIES; i++) {
        Filter filter = filter(random, 3);
        String group = random.nextBoolean() ? "and" : "not.or";
        String query = "select=id&order=id&" + group + "=" + encoded("(" + filter.inTree() + ")");
        HttpResponse<String> answer = get("/t?" + query);
        assertThat(answer.statusCode()).as("%s: %s", filter.inTree(), answer.body()).isEqualTo(200);
        String expected =
            ids(
                connection,
                group.equals("and") ? filter.sql() : "not (" + filter.sql() + ")",
                filter.values());
        assertThat(answer.body()).as(filter.inTree()).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "select=id;drop table read.t",
        "select=id::text;drop table read.t",
        "select=\"id\\\" from read.t; drop table read.t --\"",
        "select=x\"y:id",
        "select=data->'a') from read.t; drop table read.t --",
        "select=data->>\"a'); drop table read.t --\"",
        "order=id;drop table read.t",
        "order=id.desc nulls first; drop table read.t",
        "order=data->'x'; drop table read.t",
        "id=eq.1; drop table read.t",
        "s=eq.'; drop table read.t; --",
        "s=in.(a,'); drop table read.t; --)",
        "s=like.%'; drop table read.t; --",
        "s=fts(english'); drop table read.t; --).a",
        "s=fts.'a' & 'b'); drop table read.t; --",
        "s=eq(any).{a'}); drop table read.t; --}",
        "or=(s.eq.a') or true; drop table read.t; --)",
        "data->'a'::text=eq.x",
        "data->>$$a$$=eq.x",
        "id=is.null; drop table read.t",
        "limit=1; drop table read.t",
        "offset=1; drop table read.t",
      })
  void whatLooksLikeSqlIsAValueOrRefused(String query) throws Exception {
    String all = get("/t?select=id&order=id").body();
    int equals = query.indexOf('=');
    HttpResponse<String> answer =
        get(
            "/t?"
                + encoded(query.substring(0, equals))
                + "="
                + encoded(query.substring(equals + 1)));
    assertThat(answer.statusCode()).as(answer.body()).isIn(200, 400);
    assertThat(get("/t?select=id&order=id").body()).isEqualTo(all);
  }

  private static void fill(Connection connection, Random random) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into read.t values (?, ?::int, ?, ?::int[], ?::int4range, ?::jsonb)")) {
      for (int id = 1; id <= 60; id++) {
        insert.setInt(1, id);
        insert.setString(2, random.nextInt(5) == 0 ? null : String.valueOf(random.nextInt(6)));
        insert.setString(3, random.nextInt(5) == 0 ? null : text(random));
        insert.setString(4, random.nextInt(5) == 0 ? null : array(random));
        insert.setString(5, random.nextInt(5) == 0 ? null : range(random));
        insert.setString(
            6,
            random.nextInt(5) == 0
                ? null
                : "{\"a\": %d, \"b\": {\"c\": [%d, \"x\"]}}"
                    .formatted(random.nextInt(4), random.nextInt(4)));
        insert.executeUpdate();
      }
    }
  }

  private static Filter filter(Random random, int depth) {
    if (depth > 0 && random.nextInt(2) == 0) {
      int members = 1 + random.nextInt(3);
      List<Filter> filters = new ArrayList<>();
      for (int i = 0; i < members; i++) {
        filters.add(filter(random, depth - 1));
      }
      boolean all = random.nextBoolean();
      boolean negated = random.nextInt(3) == 0;
      String tree =
          (negated ? "not." : "")
              + (all ? "and" : "or")
              + filters.stream().map(Filter::inTree).collect(Collectors.joining(",", "(", ")"));
      String sql =
          filters.stream()
              .map(Filter::sql)
              .collect(Collectors.joining(all ? ") and (" : ") or (", "((", "))"));
      return new Filter(
          tree,
          negated ? "not " + sql : sql,
          filters.stream().flatMap(filter -> filter.values().stream()).toList());
    }
    Filter leaf = leaf(random);
    if (random.nextInt(4) > 0) {
      return leaf;
    }
    int dot = leaf.inTree().indexOf('.');
    return new Filter(
        leaf.inTree().substring(0, dot) + ".not" + leaf.inTree().substring(dot),
        "not (" + leaf.sql() + ")",
        leaf.values());
  }

  private static Filter leaf(Random random) {
    String number = String.valueOf(random.nextInt(6));
    String text = text(random);
    String other = text(random);
    return switch (random.nextInt(18)) {
      case 0 -> compared("n.eq." + number, "n = ?::int", number);
      case 1 -> compared("n.gte." + number, "n >= ?::int", number);
      case 2 -> compared("n.lt." + number, "n < ?::int", number);
      case 3 -> compared("n.isdistinct." + number, "n is distinct from ?::int", number);
      case 4 -> compared("n.in.(%s,3)".formatted(number), "n in (?::int, 3)", number);
      case 5 -> compared("n.is.null", "n is null");
      case 6 -> compared("s.eq." + quoted(text), "s = ?", text);
      case 7 -> compared("s.neq." + quoted(text), "s <> ?", text);
      case 8 ->
          compared(
              "s.in.(%s,%s)".formatted(quoted(text), quoted(other)), "s = ? or s = ?", text, other);
      case 9 -> compared("s.like.*" + number + "*", "s like ?", "%" + number + "%");
      case 10 -> compared("s.ilike." + quoted("*A*"), "s ilike '%a%'");
      case 11 -> compared("s.match." + quoted("[a-c]"), "s ~ '[a-c]'");
      case 12 -> compared("n.eq(any).{%s,2}".formatted(number), "n = ?::int or n = 2", number);
      case 13 -> compared("n.gt(all).{%s,2}".formatted(number), "n > ?::int and n > 2", number);
      case 14 -> compared("arr.cs.{%s}".formatted(number), "arr @> array[?::int]", number);
      case 15 -> compared("arr.ov.{%s,1}".formatted(number), "arr && array[?::int, 1]", number);
      case 16 -> {
        String range = range(random);
        yield compared("r.ov." + quoted(range), "r && ?::int4range", range);
      }
      default ->
          random.nextBoolean()
              ? compared("data->>a.eq." + number, "data ->> 'a' = ?", number)
              : compared("data->b->c->0.eq." + number, "data #> '{b,c,0}' = ?::jsonb", number);
    };
  }

  private static Filter compared(String inTree, String sql, String... values) {
    return new Filter(inTree, sql, List.of(values));
  }

  private static String text(Random random) {
    return TEXTS.get(random.nextInt(TEXTS.size()));
  }

  private static String array(Random random) {
    return "{%d,%d}".formatted(random.nextInt(6), random.nextInt(6));
  }

  private static String range(Random random) {
    int from = random.nextInt(6);
    return "[%d,%d)".formatted(from, from + 1 + random.nextInt(4));
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private static String ids(Connection connection, String where, List<String> values)
      throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("select id from read.t where " + where + " order by id")) {
      for (int i = 0; i < values.size(); i++) {
        statement.setString(i + 1, values.get(i));
      }
      List<String> ids = new ArrayList<>();
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          ids.add("{\"id\":%d}".formatted(row.getInt(1)));
        }
      }
      return ids.stream().collect(Collectors.joining(", ", "[", "]"));
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static HttpResponse<String> get(String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(TestBackend.uri(backend, path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
