package dev.freshet.write;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.postgres.IdempotencyTable;
import dev.freshet.protocol.Position;
import dev.freshet.runtime.claims.ClaimsKeys;
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
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
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

/** What the contract says of commands, with commands made for it. */
class CommandsIT {

  private static final String SCHEMA =
      """
      create table thing (id int primary key, name text unique, n int check (n >= 0), version bigint not null default 1,
        tags text[], data jsonb, at timestamptz, owner text default current_setting('request.jwt.claims', true)::jsonb ->> 'sub');
      create table part (id int primary key, thing int not null references thing deferrable initially deferred,
        constraint part_below_1000 check (id < 1000));
      create table counter (id int primary key, n int not null);
      insert into counter values (1, 0), (2, 0);
      create table own (id int primary key, owner text not null);
      alter table own enable row level security;
      create policy own on own using (owner = current_setting('request.jwt.claims')::jsonb ->> 'sub');
      create function raise(state text) returns int language plpgsql as
        $$ begin raise exception 'as it is' using errcode = state, detail = 'Details.'; end $$;
      create role clerk;
      create role customer;
      grant select, insert, update, delete on own, thing to clerk, customer;
      create role writer login password 'writer' in role pg_read_all_data, pg_write_all_data;
      grant clerk, customer to writer with inherit false, set true;
      grant create on database freshet to writer;
      grant create on schema public to writer;
      """;

  private static final Map<String, String> COMMANDS =
      Map.ofEntries(
          Map.entry(
              "put",
              """
              /*
              request: PUT /things/{id}
              path: { id: int }
              body:
                properties:
                  name: { type: [string, "null"] }
                  n: { type: integer }
                  tags: { type: array, items: { type: string } }
                  data: {}
                  at: { type: string }
              types: { tags: "text[]" }
              constraints: { thing_name_key: "409 /name is taken" }
              answer: { created: 201 /things/{id}, else: 200 }
              */
              insert into thing (id, name, n, tags, data, at) values (:id, :name, :n, :tags, :data, :at)
              on conflict (id) do update set name = excluded.name, n = excluded.n, version = thing.version + 1
              returning id, name, n, tags, data, at, owner, version, xmax = 0 as created
              """),
          Map.entry(
              "add-part",
              """
              /*
              request: POST /things/{thing}/parts
              path: { thing: int }
              query: { id: int }
              constraints: { part_below_1000: "422 must be below 1000" }
              answer: 201 /things/{thing}/parts/{label}
              */
              insert into part values (:id, :thing) returning id, format('%s/%s', id, 'ä b') as label
              """),
          Map.entry(
              "rename",
              """
              /*
              request: POST /things/{id}/name
              path: { id: int }
              body: { required: [name], properties: { name: { type: string } } }
              state: select name, version from thing where id = :id for update
              problems: { sold-out: 409, too-late: 410 }
              if-match: optional
              */
              select case :name when 'late' then 'too-late' when 'out' then 'sold-out' when 'odd' then 'odd' when 'bad' then 'invalid' end as refused,
                case when :name <> 'bad' then 'It was ' || :state.name || '.' end as detail;
              with renamed as (update thing set name = :name, version = :state.version + 1 where id = :id returning *),
                gone as (delete from part where thing = :id and id < 0 returning id)
              select r.id, r.name, r.version, :state.name as before, (select count(*) from gone) as gone from renamed r
              """),
          Map.entry(
              "strict",
              """
              /*
              request: DELETE /things/{id}
              path: { id: int }
              state: select version from thing where id = :id for update
              if-match: required
              answer: 204
              */
              delete from thing where id = :id
              """),
          Map.entry(
              "make",
              """
              /*
              request: POST /things/{id}
              path: { id: int }
              state: select version from thing where id = :id for update
              state-missing: null
              answer: 201 /things/{id}
              */
              insert into thing (id, name) values (:id, :state.version::text) returning id, version
              """),
          Map.entry(
              "count",
              """
              /*
              request: POST /count
              query: { by: int }
              idempotency: required
              */
              update counter set n = n + :by where id = 1 returning n
              """),
          Map.entry(
              "swap",
              """
              /*
              request: POST /swap
              query: { first: int, second: int }
              retry: 50
              */
              update counter set n = n + 1 where id = :first;
              select pg_sleep(0.02);
              update counter set n = n + 1 where id = :second returning n
              """),
          Map.entry(
              "serial",
              """
              /*
              request: POST /serial
              isolation: serializable
              retry: 100
              */
              select max(n) as top from counter where id = 2;
              update counter set n = :last.top + 1 where id = 2 returning n
              """),
          Map.entry(
              "raise",
              """
              /*
              request: POST /raise/{with}
              answer: 200
              */
              select raise(:with) as n
              """),
          Map.entry(
              "many",
              """
              /* request: POST /many/{n} */
              update counter set n = 100 where id <= :n::int - 1 returning n
              """),
          Map.entry(
              "scoped",
              """
              /*
              request: POST /scoped
              scopes: [things:write, things:read]
              */
              select :principal as who, :claims ->> 'tenant' as tenant, :now > now() - interval '1 minute' as soon
              """),
          Map.entry(
              "own",
              """
              /*
              request: POST /own/{id}
              path: { id: int }
              */
              insert into own values (:id, coalesce(:principal, 'nobody')) returning id, owner, current_user as role
              """),
          Map.entry(
              "noted",
              """
              /*
              request: POST /noted/{id}
              path: { id: int }
              body: { required: [iban], properties: { iban: { type: string }, deep: { type: object }, cards: { type: array, items: { type: object, additionalProperties: true } }, n: { type: integer } } }
              scopes: [noted]
              role: clerk
              audit: { content: true, mask: [/iban, /deep/iban, /cards/no, /cards/0, /nothing/there] }
              */
              select 'conflict' as refused where :n = 1;
              select :id as id, :iban as iban
              """),
          Map.entry(
              "as-clerk",
              """
              /*
              request: POST /as-clerk
              role: clerk
              */
              select current_user as role
              """));

  private static final HttpClient client = HttpClient.newHttpClient();
  private static final JsonMapper json = new JsonMapper();

  @TempDir static Path folder;

  private static Cluster cluster;
  private static ConfigurableApplicationContext backend;
  private static String base;
  private static Path commands;
  private static ClaimsKeys keys;

  @BeforeAll
  static void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder.resolve("data"), 0, 0, 16_450, false));
    execute(SCHEMA);
    commands = Files.createDirectory(folder.resolve("commands"));
    for (Map.Entry<String, String> command : COMMANDS.entrySet()) {
      Files.writeString(commands.resolve(command.getKey() + ".sql"), command.getValue());
    }
    ClaimsKeys.make(folder.resolve("keys"));
    keys = ClaimsKeys.ofFile(folder.resolve("keys"));
    backend =
        WriteBackend.start(
            Map.of(
                "server.port",
                0,
                "server.address",
                "127.0.0.1",
                "freshet.write.commands",
                commands,
                "freshet.write.claims-key",
                folder.resolve("keys"),
                "freshet.write.roles",
                "clerk,customer",
                "freshet.write.primary",
                "postgresql://writer:writer@127.0.0.1:%d/freshet"
                    .formatted(cluster.primary().port())));
    base = "http://127.0.0.1:" + backend.getEnvironment().getProperty("local.server.port");
    assertThat(send("GET", "/.freshet/commands/declared", "").body())
        .doesNotContain("not-ready")
        .doesNotContain("refused\"");
  }

  @AfterAll
  static void stop() {
    backend.close();
    cluster.close();
  }

  private static void execute(String sql) throws Exception {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String query(String sql) throws Exception {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      return row.next() ? String.valueOf(row.getString(1)) : "nothing";
    }
  }

  private static HttpResponse<String> send(
      String method, String path, String body, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(
        request
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static JsonNode told(HttpResponse<String> answer) {
    return json.readTree(answer.body());
  }

  private static void assertRefused(HttpResponse<String> answer, int status, String code) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(told(answer).get("code").stringValue()).isEqualTo(code);
    assertThat(answer.headers().firstValue("Freshet-Position")).isPresent();
  }

  private static String header(HttpResponse<String> answer, String name) {
    return answer.headers().firstValue(name).orElse("none");
  }

  @Test
  void valuesHaveTheTypesOfTheirSchemasAndWhatIsAbsentIsNull() throws Exception {
    HttpResponse<String> answer =
        send(
            "PUT",
            "/things/1",
            """
            {"name": "O'Brien \\"x\\" \\\\ :id $1 ? {", "n": 1.0e1, "tags": ["a,b", "{\\"c\\"}", "null"],
             "data": {"x": [1.50, null, true]}, "at": "2026-01-01T00:00:00Z"}""");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
    assertThat(told(answer))
        .isEqualTo(
            json.readTree(
                """
                {"id": 1, "name": "O'Brien \\"x\\" \\\\ :id $1 ? {", "n": 10, "tags": ["a,b", "{\\"c\\"}", "null"],
                 "data": {"x": [1.50, null, true]}, "at": "2026-01-01T00:00:00+00:00", "owner": null, "version": 1}"""));
    assertThat(answer.headers().firstValue("Location")).contains("/things/1");
    assertThat(header(answer, "ETag")).isEqualTo("\"v1\"");
    HttpResponse<String> again = send("PUT", "/things/1", "{}", "Prefer", "return=minimal");
    assertThat(again.statusCode()).isEqualTo(204);
    assertThat(header(again, "ETag")).isEqualTo("\"v2\"");
    assertThat(header(again, "Preference-Applied")).isEqualTo("return=minimal");
    assertThat(query("select name is null and n is null from thing where id = 1")).isEqualTo("t");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "PUT|/things/x|{}|404|not-found|There is nothing at /things/x",
        "PUT|/things/99999999999|{}|404|not-found|There is nothing",
        "PUT|/things/1|{\"at\": \"soon\", \"n\": 3000000000}|422|invalid|/at",
        "PUT|/things/1|{\"n\": 1e400}|422|invalid|beyond the whole numbers",
        "PUT|/things/1|{\"n\": 1e4000}|422|invalid|more than 1000 digits",
        "PUT|/things/1|{\"data\": 1e99999}|422|invalid|more than 1000 digits",
        "PUT|/things/1|{\"n\": 9223372036854775808}|422|invalid|/n",
        "PUT|/things/1|{\"n\": 1.5}|422|invalid|/n",
        "PUT|/things/1|{\"name\": \"a\\u0000b\"}|422|invalid|/name",
        "PUT|/things/1|{\"data\": \"a\\u0000b\"}|422|invalid|/data",
        "PUT|/things/1|{\"other\": 1}|422|invalid|is not a field",
        "PUT|/things/1?dry=1|{}|400|bad-request|no parameter 'dry'",
        "POST|/things/1/parts?id=x||400|bad-value|The query's id",
        "POST|/things/1/parts?id=1&id=2||400|bad-request|'id' twice",
        "PATCH|/things/1|{}|405|method-not-allowed|takes DELETE, POST, PUT",
        "POST|/nowhere|{}|404|not-found|",
        "POST|/count||400|bad-request|Idempotency-Key",
        "PUT|/things/-1|{\"n\": -5}|422|invalid|thing_n_check",
        "POST|/things/1/parts?id=5000||422|invalid|must be below 1000",
        "POST|/things/77/parts?id=5||409|conflict|part_thing_fkey",
        "POST|/raise/PT402||402|pt402|as it is Details.",
        "POST|/raise/PT409||409|conflict|as it is",
        "POST|/raise/PT599||599|pt599|as it is",
        "POST|/raise/PT200||500|internal|log",
        "POST|/raise/P0001||500|internal|log",
        "POST|/many/3||500|internal|log",
        "POST|/many/0||404|not-found|nothing at /many/0",
      })
  void whatIsWrongIsToldByStatusAndCode(
      String method, String path, String body, int status, String code, String said)
      throws Exception {
    HttpResponse<String> answer = send(method, path, body == null ? "" : body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(told(answer).get("code").stringValue()).isEqualTo(code);
    assertThat(answer.body()).contains(said == null ? "" : said);
    assertThat(query("select count(*) from counter where n = 100")).isEqualTo("0");
  }

  @Test
  void refusalsTellWhatTheStatementSays() throws Exception {
    send("PUT", "/things/20", "{\"name\": \"twenty\"}");
    HttpResponse<String> late = send("POST", "/things/20/name", "{\"name\": \"late\"}");
    assertRefused(late, 410, "too-late");
    assertThat(told(late).get("type").stringValue()).isEqualTo("urn:app:too-late");
    assertThat(told(late).get("title").stringValue()).isEqualTo("Too late");
    assertThat(told(late).get("detail").stringValue()).isEqualTo("It was twenty.");
    assertRefused(send("POST", "/things/20/name", "{\"name\": \"out\"}"), 409, "sold-out");
    assertRefused(send("POST", "/things/20/name", "{\"name\": \"bad\"}"), 422, "invalid");
    assertRefused(send("POST", "/things/20/name", "{\"name\": \"odd\"}"), 500, "internal");
    HttpResponse<String> done = send("POST", "/things/20/name", "{\"name\": \"xx\"}");
    assertThat(done.body())
        .isEqualTo("{\"id\":20,\"name\":\"xx\",\"version\":2,\"before\":\"twenty\",\"gone\":0}");
    HttpResponse<String> taken = send("PUT", "/things/21", "{\"name\": \"xx\"}");
    assertRefused(taken, 409, "conflict");
    assertThat(taken.body()).contains("\"pointer\":\"/name\",\"message\":\"is taken\"");
  }

  @Test
  void locationsAreEncoded() throws Exception {
    send("PUT", "/things/30", "{}");
    HttpResponse<String> answer = send("POST", "/things/30/parts?id=30", "");
    assertThat(header(answer, "Location")).isEqualTo("/things/30/parts/30%2F%C3%A4%20b");
  }

  @Test
  void conditionsAreHeldAgainstTheVersion() throws Exception {
    send("PUT", "/things/40", "{}");
    assertRefused(send("DELETE", "/things/40", ""), 428, "precondition-required");
    assertRefused(
        send("DELETE", "/things/40", "", "If-Match", "\"v2\", W/\"v1\""), 412, "version-mismatch");
    assertThat(send("DELETE", "/things/40", "", "If-Match", "\"v7\", \"v1-abc\"").statusCode())
        .isEqualTo(204);
    assertRefused(send("DELETE", "/things/40", "", "If-Match", "*"), 404, "not-found");
    assertThat(send("POST", "/things/40", "", "If-None-Match", "*").statusCode()).isEqualTo(201);
    assertRefused(send("POST", "/things/40", "", "If-None-Match", "*"), 412, "version-mismatch");
    assertRefused(send("POST", "/things/41", "", "If-Match", "*"), 412, "version-mismatch");
    assertRefused(send("PUT", "/things/40", "{}", "If-Match", "\"v1\""), 400, "bad-request");
  }

  @Test
  void keyMakesItHappenOnceAndItsAnswerIsTheFirstOnes() throws Exception {
    HttpResponse<String> first = send("POST", "/count?by=5", "", "Idempotency-Key", "once");
    HttpResponse<String> second = send("POST", "/count?by=5", "", "Idempotency-Key", "\"once\"");
    assertThat(second.body()).isEqualTo(first.body());
    assertThat(second.statusCode()).isEqualTo(200);
    assertThat(header(first, "Idempotency-Replayed")).isEqualTo("none");
    assertThat(header(second, "Idempotency-Replayed")).isEqualTo("true");
    assertThat(
            Position.parse(header(second, "Freshet-Position"))
                .isAtOrPast(Position.parse(header(first, "Freshet-Position"))))
        .isTrue();
    assertRefused(
        send("POST", "/count?by=6", "", "Idempotency-Key", "once"), 422, "idempotency-mismatch");
    assertThat(send("POST", "/count?by=5", "", as("ada", "once")).body())
        .isNotEqualTo(first.body());
    assertRefused(
        send("POST", "/count?by=5", "", "Idempotency-Key", "k".repeat(256)), 400, "bad-request");
  }

  @Test
  void keysOfRefusalsAreNewAndThoseWhoseTimeIsOverAre() throws Exception {
    assertRefused(
        send("POST", "/things/50/parts?id=50", "", "Idempotency-Key", "p"), 409, "conflict");
    send("PUT", "/things/50", "{}");
    assertThat(send("POST", "/things/50/parts?id=50", "", "Idempotency-Key", "p").statusCode())
        .isEqualTo(201);
    HttpResponse<String> replayed =
        send("POST", "/things/50/parts?id=50", "", "Idempotency-Key", "p");
    assertThat(replayed.statusCode()).isEqualTo(201);
    assertThat(header(replayed, "Location")).contains("/things/50/parts/50");
    execute("update freshet.idempotency set at = at - interval '25 hours' where key = 'p'");
    assertRefused(
        send("POST", "/things/50/parts?id=50", "", "Idempotency-Key", "p"), 409, "conflict");
    try (Connection connection = cluster.primary().connect()) {
      assertThat(IdempotencyTable.sweep(connection, Duration.ofHours(24))).isEqualTo(1);
      assertThat(IdempotencyTable.sweep(connection, Duration.ofHours(24))).isZero();
    }
    assertThat(query("select count(*) from freshet.idempotency where key = 'p'")).isEqualTo("0");
  }

  @Test
  void eightClientsWithOneKeyDoItOnce() throws Exception {
    String before = query("select n from counter where id = 1");
    try (ExecutorService clients = Executors.newFixedThreadPool(8)) {
      List<Future<HttpResponse<String>>> sent = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        sent.add(
            clients.submit(() -> send("POST", "/count?by=1", "", "Idempotency-Key", "of eight")));
      }
      for (Future<HttpResponse<String>> one : sent) {
        assertThat(one.get().statusCode()).isIn(200, 409);
      }
    }
    assertThat(query("select n - %s from counter where id = 1".formatted(before))).isEqualTo("1");
  }

  @Test
  void keyThatIsInUseIsToldToBe() throws Exception {
    try (Connection other = cluster.primary().connect();
        Statement statement = other.createStatement();
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      other.setAutoCommit(false);
      statement.execute("select from counter where id = 1 for update");
      Future<HttpResponse<String>> first =
          clients.submit(() -> send("POST", "/count?by=1", "", "Idempotency-Key", "slow"));
      Awaitility.await()
          .atMost(Duration.ofSeconds(10))
          .until(
              () ->
                  query(
                          "select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = 'freshet')")
                      .equals("1"));
      HttpResponse<String> second = send("POST", "/count?by=1", "", "Idempotency-Key", "slow");
      assertRefused(second, 409, "in-progress");
      assertThat(header(second, "Retry-After")).isEqualTo("1");
      other.rollback();
      assertThat(first.get().statusCode()).isEqualTo(200);
    }
  }

  @Test
  void deadlocksAndSerializationFailuresAreTriedAgain() throws Exception {
    String before = query("select sum(n) from counter");
    try (ExecutorService clients = Executors.newFixedThreadPool(3)) {
      List<Future<HttpResponse<String>>> sent = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        int first = 1 + i % 2;
        sent.add(
            clients.submit(
                () -> send("POST", "/swap?first=%d&second=%d".formatted(first, 3 - first), "")));
      }
      for (Future<HttpResponse<String>> one : sent) {
        assertThat(one.get().statusCode()).as(one.get().body()).isEqualTo(200);
      }
      sent.clear();
      for (int i = 0; i < 24; i++) {
        sent.add(clients.submit(() -> send("POST", "/serial", "")));
      }
      for (Future<HttpResponse<String>> one : sent) {
        assertThat(one.get().statusCode()).as(one.get().body()).isEqualTo(200);
      }
    }
    assertThat(query("select sum(n) - %s from counter".formatted(before))).isEqualTo("36");
  }

  private static String[] as(String subject, String key) {
    return new String[] {"Freshet-Claims", claims(subject, "", ""), "Idempotency-Key", key};
  }

  private static String claims(String subject, String scope, String role) {
    return keys.sign(
        Map.of("sub", subject, "scope", scope, "role", role, "tenant", "t-" + subject),
        Instant.now());
  }

  @Test
  void scopesAndClaimsAreThoseThatTheGatewayVerified() throws Exception {
    assertRefused(send("POST", "/scoped", ""), 401, "unauthenticated");
    assertRefused(
        send("POST", "/scoped", "", "Freshet-Claims", "e30.e30.x"), 401, "unauthenticated");
    assertRefused(
        send("POST", "/scoped", "", "Freshet-Claims", claims("ada", "things:write", "")),
        403,
        "forbidden");
    assertThat(
            send(
                    "POST",
                    "/scoped",
                    "",
                    "Freshet-Claims",
                    claims("ada", "things:write things:read", ""))
                .body())
        .isEqualTo("{\"who\":\"ada\",\"tenant\":\"t-ada\",\"soon\":true}");
    send("PUT", "/things/60", "{}", "Freshet-Claims", claims("O'Brien", "", ""));
    assertThat(query("select owner from thing where id = 60")).isEqualTo("O'Brien");
  }

  @Test
  void roleIsTheFilesElseTheClaimsAndRowLevelSecurityHolds() throws Exception {
    assertThat(send("POST", "/as-clerk", "", "Freshet-Claims", claims("a", "", "customer")).body())
        .isEqualTo("{\"role\":\"clerk\"}");
    assertThat(send("POST", "/own/1", "", "Freshet-Claims", claims("ada", "", "customer")).body())
        .isEqualTo("{\"id\":1,\"owner\":\"ada\",\"role\":\"customer\"}");
    assertThat(send("POST", "/own/2", "", "Freshet-Claims", claims("ada", "", "postgres")).body())
        .contains("\"role\":\"writer\"");
    HttpResponse<String> foreign = send("POST", "/own/3", "");
    assertRefused(foreign, 403, "forbidden");
    assertThat(foreign.body()).contains("row-level security");
  }

  @Test
  void whatIsToBeNotedIsNotedWithWhatMayBe() throws Exception {
    String claims = claims("ada", "noted", "");
    String body =
        "{\"iban\":\"DE1\",\"deep\":{\"iban\":\"DE2\",\"x\":1},\"cards\":[{\"no\":1},{\"no\":2,\"of\":\"b\"}],\"n\":%d}";
    send("POST", "/noted/1", body.formatted(0), "Freshet-Claims", claims, "X-Request-Id", "r-1");
    send("POST", "/noted/2", body.formatted(1), "Freshet-Claims", claims);
    send("POST", "/noted/3", "{}", "Freshet-Claims", claims);
    send("POST", "/noted/x", body.formatted(0), "Freshet-Claims", claims);
    send("POST", "/noted/5", body.formatted(0));
    assertThat(
            query(
                """
                select string_agg(concat_ws(' ', principal, command, target, outcome, status, content ->> 'iban', content -> 'deep'), E'\n' order by id)
                from command_audit
                """))
        .isEqualTo(
            """
            ada noted /noted/1 done 200 *** {"x": 1, "iban": "***"}
            ada noted /noted/2 conflict 409 *** {"x": 1, "iban": "***"}
            ada noted /noted/3 invalid 422
            ada noted /noted/x not-found 404 *** {"x": 1, "iban": "***"}
            noted /noted/5 unauthenticated 401""");
    assertThat(query("select content -> 'cards' from command_audit where target = '/noted/1'"))
        .isEqualTo("[\"***\", {\"no\": \"***\", \"of\": \"b\"}]");
    assertThat(query("select request from command_audit where target = '/noted/1'"))
        .isEqualTo("r-1");
    assertThat(
            query(
                "select bool_and(position::pg_lsn <= pg_current_wal_flush_lsn()) from command_audit"))
        .isEqualTo("t");
  }

  /** In every position of a request: it is a value, and nothing else. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "'; drop table thing; --",
        "1; drop table thing",
        "$$; drop table thing; $$",
        ":id); drop table thing; --",
        "?::text); drop table thing; --",
        "\\'; drop table thing; --",
        "x' or '1'='1",
        "{\"a\": \"'); drop table thing; --\"}",
      })
  void nothingOfARequestBecomesSql(String attack) throws Exception {
    String encoded = URLEncoder.encode(attack, StandardCharsets.UTF_8);
    String text = json.writeValueAsString(attack);
    send("PUT", "/things/70", "{}");
    assertRefused(send("POST", "/things/" + encoded.replace("+", "%20"), ""), 404, "not-found");
    assertRefused(send("POST", "/things/70/parts?id=" + encoded, ""), 400, "bad-value");
    assertThat(send("POST", "/things/70/name", "{\"name\": %s}".formatted(text)).statusCode())
        .isEqualTo(200);
    assertThat(
            send("PUT", "/things/71", "{\"tags\": [%1$s], \"data\": %1$s}".formatted(text))
                .statusCode())
        .isIn(200, 201);
    assertRefused(send("PUT", "/things/72", "{\"at\": %s}".formatted(text)), 422, "invalid");
    send("POST", "/count?by=0", "", "Idempotency-Key", attack.replace("\\", ""));
    send("PUT", "/things/73", "{}", "Freshet-Claims", claims(attack, attack, attack));
    assertThat(
            query(
                "select (select name from thing where id = 70) = x and (select tags[1] from thing where id = 71) = x from (select $x$%s$x$ as x) q"
                    .formatted(attack)))
        .isEqualTo("t");
    assertThat(query("select owner = $x$%s$x$ from thing where id = 73".formatted(attack)))
        .isEqualTo("t");
    execute("delete from thing where id between 70 and 73");
  }

  @Test
  void changedFilesAreInForceTogetherOrNotAtAll() throws Exception {
    Path file = commands.resolve("new.sql");
    Files.writeString(file, "/* request: POST /new */ select 1 as n, 2 as m");
    awaitAnswer("/new", "{\"n\":1,\"m\":2}");
    Files.writeString(
        commands.resolve("raise.sql"),
        COMMANDS.getOrDefault("raise", "").replace("raise(", "rise("));
    Files.writeString(file, "/* request: POST /new */ select 3 as n");
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> send("GET", "/.freshet/commands/declared", "").body().contains("rise"));
    assertThat(send("GET", "/.freshet/commands/declared", "").body())
        .contains("\"name\":\"raise\",\"request\":null,\"state\":\"refused\"")
        .contains("\"line\":5,\"column\":8,\"message\":\"function rise(");
    assertThat(send("POST", "/new", "").body()).isEqualTo("{\"n\":1,\"m\":2}");
    assertRefused(send("POST", "/raise/PT409", ""), 409, "conflict");
    Files.writeString(commands.resolve("raise.sql"), COMMANDS.getOrDefault("raise", ""));
    awaitAnswer("/new", "{\"n\":3}");
    Files.delete(file);
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> send("POST", "/new", "").statusCode() == 404);
  }

  private static void awaitAnswer(String path, String body) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> send("POST", path, "").body().equals(body));
  }

  /** A migration may come after the files that need it. */
  @Test
  void changedFilesThatThePrimaryCanNotAnswerYetComeInForceOnceItCan() throws Exception {
    Path file = commands.resolve("early.sql");
    Files.writeString(file, "/* request: POST /early */ insert into early values (1) returning a");
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> send("GET", "/.freshet/commands/declared", "").body().contains("early"));
    execute("create table early (a int)");
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> send("POST", "/early", "").body().equals("{\"a\":1}"));
    Files.delete(file);
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> send("POST", "/early", "").statusCode() == 404);
  }

  @Test
  void commandThatTheSchemaCanNotAnswerIsNotReadyAndTheOthersGoOn() throws Exception {
    execute("create table late (a int)");
    Files.writeString(
        commands.resolve("late.sql"),
        "/* request: POST /late */ insert into late values (1) returning a");
    awaitAnswer("/late", "{\"a\":1}");
    execute("alter table late rename to later");
    assertRefused(send("POST", "/late", ""), 503, "not-ready");
    assertRefused(send("POST", "/late", ""), 503, "not-ready");
    assertThat(send("POST", "/as-clerk", "").statusCode()).isEqualTo(200);
    execute("alter table later rename to late");
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> send("POST", "/late", "").statusCode() == 200);
    Files.delete(commands.resolve("late.sql"));
  }

  @Test
  void requestsOfAllClientsArriveOnce() throws Exception {
    String before = query("select n from counter where id = 1");
    try (ExecutorService clients = Executors.newFixedThreadPool(8)) {
      List<Future<HttpResponse<String>>> sent =
          IntStream.range(0, 80)
              .mapToObj(
                  i ->
                      clients.submit(
                          () -> send("POST", "/count?by=1", "", "Idempotency-Key", "k" + i)))
              .toList();
      for (Future<HttpResponse<String>> one : sent) {
        assertThat(one.get().statusCode()).isEqualTo(200);
      }
    }
    assertThat(query("select n - %s from counter where id = 1".formatted(before))).isEqualTo("80");
  }
}
