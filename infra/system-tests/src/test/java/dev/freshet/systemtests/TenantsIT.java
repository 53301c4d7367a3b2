package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import dev.freshet.bench.UpProcess;
import dev.freshet.runtime.claims.ClaimsKeys;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Two tenants of one system: neither sees a row of the other, whatever it asks which copy. */
class TenantsIT {

  private static final Logger log = LoggerFactory.getLogger(TenantsIT.class);

  /**
   * Ada's rows say "ada", and cost from 1 to 200; Bob's say "bob", and cost from 1,001 to 1,200.
   */
  private static final int ROWS = 200;

  private static final int READERS = 3;
  private static final int QUERIES = 100;

  /** Drivers and servers treat a statement otherwise once they have seen it some times. */
  private static final int REPEATED = 7;

  private static final Pattern TOTAL = Pattern.compile("/(\\d+)$");
  private static final Pattern CURSOR = Pattern.compile("after=([\\w-]+)>; rel=\"next\"");

  @TempDir static Path folder;

  private static final HttpClient client = HttpClient.newHttpClient();
  private static HttpServer issuer;
  private static RSAKey issuerKey;
  private static UpProcess up;
  private static ClaimsKeys claims;

  @BeforeAll
  static void start() throws Exception {
    issuerKey = new RSAKeyGenerator(2048).keyID("one").generate();
    issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    byte[] keys = new JWKSet(issuerKey).toString().getBytes(StandardCharsets.UTF_8);
    issuer.createContext(
        "/keys",
        exchange -> {
          exchange.sendResponseHeaders(200, keys.length);
          exchange.getResponseBody().write(keys);
          exchange.close();
        });
    issuer.start();
    Path config = Files.createDirectories(folder.resolve("config"));
    Files.createDirectories(config.resolve("models"));
    Files.createDirectories(config.resolve("schema"));
    Files.writeString(
        config.resolve("schema/V001__shop.sql"),
        """
        create table purchase (id int primary key, customer text not null, cost int not null, margin int not null, note text, data jsonb);
        insert into purchase
          select i, 'ada', i, 7, 'ada ' || i, jsonb_build_object('who', 'ada', 'n', i) from generate_series(1, 200) i
          union all
          select i, 'bob', i, 8, 'bob ' || i, jsonb_build_object('who', 'bob', 'n', i) from generate_series(1001, 1200) i;
        """);
    Files.writeString(
        config.resolve("models/purchases.sql"),
        """
        /*
        key: id
        aggregates: true
        policies:
          - { to: web, using: "customer = current_setting('request.jwt.claims')::json->>'sub'" }
          - { to: staff, using: "true" }
        hide: { web: [margin] }
        */
        select id, customer, cost, margin, note, data from purchase
        """);
    Files.writeString(
        config.resolve("models/spent.sql"),
        """
        /*
        key: customer
        policies: [ { to: web, using: "customer = current_setting('request.jwt.claims', true)::json->>'sub'" } ]
        */
        select customer, sum(cost) as spent, string_agg(note, ',' order by id) as notes from purchase group by customer
        """);
    Files.writeString(
        config.resolve("models/ruleless.sql"), "/* key: id */ select id, note from purchase");
    Files.writeString(
        config.resolve("routes.yaml"),
        """
        version: 1
        jwt: { issuer: "https://login.example", audience: [shop], keys: "http://127.0.0.1:%d/keys" }
        routes:
          - { id: all, path: /**, read: { pool: readers }, access: { read: [] } }
        """
            .formatted(issuer.getAddress().getPort()));
    Path data = folder.resolve("data");
    up =
        UpProcess.start(
            data,
            23_000,
            "--config",
            config.toString(),
            "--replicas",
            "1",
            "--read-databases",
            "1");
    up.awaitReady();
    claims = ClaimsKeys.ofFile(data.resolve("claims-keys"));
  }

  @AfterAll
  static void stop() {
    issuer.stop(0);
    up.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, READERS}) // replica, primary, read database
  void noQueryOfOneTenantHasARowOfTheOther(int reader) throws Exception {
    long seed = Long.getLong("freshet.test.seed", System.nanoTime());
    log.warn("Random queries with -Dfreshet.test.seed={}", seed);
    Random random = new Random(seed);
    for (int i = 0; i < QUERIES; i++) {
      String query = randomQuery(random);
      requireOwn(reader, "ada", query, random, 1, ROWS);
      requireOwn(reader, "bob", query, random, 1_001, 1_000 + ROWS);
    }
  }

  private static void requireOwn(
      int reader, String tenant, String query, Random random, int lowest, int highest)
      throws Exception {
    String other = tenant.equals("ada") ? "bob" : "ada";
    String accept = random.nextInt(4) == 0 ? "text/csv" : "application/json";
    // Whoever sees all rows gets the same when he asks for this tenant's.
    HttpResponse<String> expected =
        as(
            reader,
            "x",
            "staff",
            query
                .replace("select=*", "select=id,customer,cost,note,data")
                .replace("?", "?customer=eq." + tenant + "&"),
            accept);
    HttpResponse<String> answer = as(reader, tenant, "web", query, accept);
    for (int i = 0; i < REPEATED; i++) {
      answer = as(reader, tenant, "web", query, accept);
    }
    assertThat(answer.body()).as(query).isEqualTo(expected.body());
    assertThat(answer.headers().firstValue("Content-Range"))
        .as(query)
        .isEqualTo(expected.headers().firstValue("Content-Range"));
    String told = tenant + " at " + reader + ": " + query + "\n" + answer.body();
    assertThat(answer.statusCode()).as(told).isIn(200, 206, 416); // of a page behind the last row
    // The query may name the other; its answers may not.
    assertThat(answer.body().replaceFirst("^[^\\n]*\\n", "")).as(told).doesNotContain(other + " ");
    assertThat(answer.body()).as(told).doesNotContain("\"" + other + "\"", other + " ");
    Matcher total = TOTAL.matcher(answer.headers().firstValue("Content-Range").orElseThrow());
    if (total.find()) {
      assertThat(Long.parseLong(total.group(1))).as(told).isLessThanOrEqualTo(ROWS);
    }
    Pattern.compile("\"(?:cost|min|max|id)\":(\\d+)")
        .matcher(answer.body())
        .results()
        .forEach(
            value ->
                assertThat(Integer.parseInt(value.group(1))).as(told).isBetween(lowest, highest));
    Matcher cursor = CURSOR.matcher(answer.headers().firstValue("Link").orElse(""));
    if (cursor.find()) {
      // A place between the other's rows is none for this one.
      HttpResponse<String> next =
          as(reader, other, "web", query + "&after=" + cursor.group(1), "application/json");
      assertThat(next.body()).as(told).doesNotContain("\"" + tenant + "\"", tenant + " ");
    }
  }

  private static String randomQuery(Random random) {
    String select =
        pick(
            random,
            "*",
            "id,customer,note",
            "customer,data->>who",
            "cost.min(),highest:cost.max()",
            "customer,count()",
            "data",
            "note::text,id");
    String query = "/purchases?select=" + encoded(select);
    for (int i = random.nextInt(3); i > 0; i--) {
      query += "&" + randomFilter(random);
    }
    if (!select.contains("(")) {
      query += pick(random, "", "&order=cost.desc", "&order=note,id.desc", "&order=customer.desc");
    }
    return query + pick(random, "", "&limit=7", "&limit=900", "&limit=50&offset=3");
  }

  private static String randomFilter(Random random) {
    return pick(
        random,
        "or=" + encoded("(customer.eq.bob,customer.eq.ada,id.gt.0)"),
        "not.and=" + encoded("(customer.eq.ada,customer.eq.bob)"),
        "customer=" + pick(random, "neq.ada", "neq.bob", "in.(ada,bob)", "not.is.null", "like.*b*"),
        "note=" + pick(random, "ilike.*B*", "match.%5Eb", "fts.bob", "not.fts.ada"),
        "data-%3E%3Ewho=" + pick(random, "eq.bob", "eq.ada"),
        "data=" + encoded(pick(random, "cs.{\"who\":\"bob\"}", "cs.{\"who\":\"ada\"}")),
        "cost=" + pick(random, "gt.0", "lt.5000", encoded("gt(any).{1,1100}")));
  }

  private static String pick(Random random, String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, READERS})
  void rolesSeeTheirRowsAndColumnsAndNoOthers(int reader) throws Exception {
    assertThat(json(reader, "ada", "web", "/spent").body())
        .startsWith("[{\"customer\":\"ada\",\"spent\":20100,")
        .doesNotContain("bob");
    assertThat(json(reader, "ada", "web", "/spent/bob").statusCode()).isEqualTo(404);
    assertThat(json(reader, "ada", "web", "/purchases/1001").statusCode()).isEqualTo(404);
    assertThat(json(reader, "ada", "web", "/purchases/1").body())
        .isEqualTo(
            "{\"id\":1,\"customer\":\"ada\",\"cost\":1,\"note\":\"ada 1\",\"data\":{\"n\": 1, \"who\": \"ada\"}}");
    assertThat(json(reader, "x", "staff", "/purchases?select=count(),margin.sum()").body())
        .isEqualTo("[{\"count\":400,\"sum\":3000}]");
    // Hidden columns are none.
    for (String query :
        List.of("select=margin", "margin=eq.7", "order=margin", "or=(margin.gt.1)")) {
      HttpResponse<String> hidden = json(reader, "ada", "web", "/purchases?" + query);
      assertThat(hidden.statusCode()).as(query).isEqualTo(400);
      assertThat(hidden.body()).contains("unknown-column").contains("its columns are id, customer");
    }
    // Nobody is let through by default.
    assertThat(json(reader, "ada", "web", "/ruleless").statusCode()).isEqualTo(403);
    assertThat(json(reader, "x", "staff", "/spent").statusCode()).isEqualTo(403);
    assertThat(json(reader, "ada", "postgres", "/purchases").statusCode()).isEqualTo(403);
    assertThat(json(reader, "ada", null, "/purchases").statusCode()).isEqualTo(403);
    assertThat(get(up.reader(reader) + "/purchases").statusCode()).isEqualTo(401);
    assertThat(get(up.reader(reader) + "/purchases", "Freshet-Claims", "e30.e30.e30").statusCode())
        .isEqualTo(401);
  }

  @Test
  void claimsAreThoseOfTheTokenAndNoneThatAClientSends() throws Exception {
    String forged = claims.sign(Map.of("sub", "bob", "role", "web"), Instant.now());
    HttpResponse<String> own =
        get(
            up.gateway() + "/spent",
            "Authorization",
            "Bearer " + token("ada", "web"),
            "Freshet-Claims",
            forged);
    assertThat(own.statusCode()).as(own.body()).isEqualTo(200);
    assertThat(own.body()).startsWith("[{\"customer\":\"ada\"").doesNotContain("bob");
    assertThat(get(up.gateway() + "/spent", "Freshet-Claims", forged).statusCode()).isEqualTo(401);
    HttpResponse<String> noRole =
        get(up.gateway() + "/spent", "Authorization", "Bearer " + token("ada", "postgres"));
    assertThat(noRole.statusCode()).as(noRole.body()).isEqualTo(403);
  }

  /** The read-backends' login has the rights of no role that it does not ask for. */
  @Test
  void loginOwnsNothingAndSeesNoRows() throws Exception {
    for (Connection server : List.of(up.primary(), up.readDatabase(1))) {
      try (server;
          Statement sql = server.createStatement()) {
        assertThat(
                one(
                    sql,
                    """
                    select rolsuper or rolbypassrls or exists (select from pg_class c where c.relowner = r.oid)
                    from pg_roles r where rolname = 'freshet_reader'
                    """))
            .isEqualTo("f");
        sql.execute("set role freshet_reader");
        assertThat(one(sql, "select count(*)::text from read.purchases")).isEqualTo("0");
        assertThat(one(sql, "select count(*)::text from read.spent")).isEqualTo("0");
        assertThat(one(sql, "select count(*)::text from read.ruleless")).isEqualTo("400");
      }
    }
  }

  /** The driver has to keep settings and query together however often a statement is run. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, READERS})
  void sameQueryIsAnsweredAlikeHoweverOftenItIsAsked(int reader) throws Exception {
    for (int i = 0; i < 200; i++) {
      String tenant = i % 3 == 0 ? "bob" : "ada";
      HttpResponse<String> answer = json(reader, tenant, "web", "/purchases?select=count()");
      assertThat(answer.body()).as("the %d. time", i).isEqualTo("[{\"count\":200}]");
      HttpResponse<String> all = json(reader, "x", "staff", "/purchases?select=count()");
      assertThat(all.body()).isEqualTo("[{\"count\":400}]");
    }
  }

  @Test
  void rebuiltTableShowsNobodyMoreThanBefore() throws Exception {
    String table = "select 'read.purchases'::regclass::oid::text";
    try (Connection readDatabase = up.readDatabase(1);
        Statement sql = readDatabase.createStatement()) {
      String before = one(sql, table);
      HttpResponse<String> asked =
          client.send(
              HttpRequest.newBuilder(
                      URI.create("http://127.0.0.1:23030/api/models/purchases/rebuild"))
                  .POST(HttpRequest.BodyPublishers.noBody())
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(asked.statusCode()).as(asked.body()).isLessThan(300);
      await().until(() -> !one(sql, table).equals(before));
    }
    assertThat(json(READERS, "ada", "web", "/purchases?select=count()").body())
        .isEqualTo("[{\"count\":200}]");
    assertThat(json(READERS, "ada", "web", "/purchases?select=margin").statusCode()).isEqualTo(400);
  }

  private static String one(Statement sql, String query) throws SQLException {
    try (ResultSet row = sql.executeQuery(query)) {
      row.next();
      return row.getString(1);
    }
  }

  private static HttpResponse<String> json(
      int reader, String subject, @Nullable String role, String target) throws Exception {
    return as(reader, subject, role, target, "application/json");
  }

  /** Asks a copy as the gateway does for a client with these claims. */
  private static HttpResponse<String> as(
      int reader, String subject, @Nullable String role, String target, String accept)
      throws Exception {
    Map<String, Object> told =
        role == null ? Map.of("sub", subject) : Map.of("sub", subject, "role", role);
    return get(
        up.reader(reader) + target,
        "Freshet-Claims",
        claims.sign(told, Instant.now()),
        "Accept",
        accept,
        "Prefer",
        "count=exact");
  }

  private static HttpResponse<String> get(String url, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String token(String subject, String role) throws Exception {
    SignedJWT jwt =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(issuerKey.getKeyID()).build(),
            new JWTClaimsSet.Builder()
                .issuer("https://login.example")
                .audience("shop")
                .subject(subject)
                .claim("role", role)
                .expirationTime(Date.from(Instant.now().plusSeconds(300)))
                .build());
    jwt.sign(new RSASSASigner(issuerKey));
    return jwt.serialize();
  }
}
