package dev.freshet.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import dev.freshet.spring.example.BankApplication;
import dev.freshet.spring.example.BankController;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** One service with JPA, once with servlets and once with WebFlux, keeps what is promised of it. */
class StarterIT {

  /** What answers. */
  enum Web {
    SERVLET(WebApplicationType.SERVLET),
    REACTIVE(WebApplicationType.REACTIVE);

    private final WebApplicationType type;

    Web(WebApplicationType type) {
      this.type = type;
    }
  }

  @TempDir static Path folder;

  private static final HttpClient client = HttpClient.newHttpClient();
  private static final Map<Web, ConfigurableApplicationContext> services = new EnumMap<>(Web.class);
  private static Cluster cluster;

  @BeforeAll
  static void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder, 0, 0, 17_880, false));
    execute("alter system set wal_level = logical");
    for (Web web : Web.values()) {
      execute(
          "create table if not exists account (name text primary key, balance numeric not null, card text unique, version bigint not null)");
      services.put(web, service(web, BankApplication.class));
    }
    execute("insert into account values ('ada', 0, null, 0)");
    query("select pg_create_logical_replication_slot('judge', 'test_decoding')::text");
  }

  private static ConfigurableApplicationContext service(Web web, Class<?>... sources) {
    return new SpringApplicationBuilder(sources)
        .web(web.type)
        .properties(
            Map.of(
                "server.port", "0",
                "server.address", "127.0.0.1",
                "spring.datasource.url", cluster.primary().url().jdbcUrl(),
                "spring.datasource.username", "postgres",
                "spring.datasource.password", String.valueOf(cluster.primary().url().password()),
                "spring.jpa.open-in-view", "true",
                "spring.jmx.enabled", "false"))
        .run();
  }

  @AfterAll
  static void stop() {
    services.values().forEach(ConfigurableApplicationContext::close);
    cluster.close();
  }

  private static void execute(String sql) throws SQLException {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String query(String sql) throws SQLException {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return String.valueOf(row.getString(1));
    }
  }

  private static HttpResponse<String> send(
      Web web, String method, String path, String body, String... headers) throws Exception {
    String port =
        Objects.requireNonNull(services.get(web)).getEnvironment().getProperty("local.server.port");
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .header("Content-Type", "application/json");
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
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

  private static Position position(HttpResponse<String> answer) {
    return Position.parse(answer.headers().firstValue("Freshet-Position").orElseThrow());
  }

  private static void assertRefused(HttpResponse<String> answer, int status, String code) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.body()).contains("\"code\":\"" + code + "\"");
    assertThat(answer.headers().firstValue("Content-Type").orElseThrow())
        .startsWith("application/problem+json");
    assertThat(position(answer)).isNotNull();
  }

  /** The judge is PostgreSQL's own decoding: it says where each transaction ended. */
  @ParameterizedTest
  @EnumSource(Web.class)
  void positionIsAtOrPastTheCommitOfWhatWasWritten(Web web) throws Exception {
    query("select count(*) from pg_logical_slot_get_changes('judge', null, null)");
    try (ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<HttpResponse<String>>> answers = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        String account = "/accounts/%s-%d".formatted(web, i);
        answers.add(writers.submit(() -> send(web, "PUT", account, "{}")));
      }
      for (int i = 0; i < 40; i++) {
        HttpResponse<String> answer = answers.get(i).get();
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
        assertThat(answer.headers().firstValue("Location"))
            .contains("/accounts/%s-%d".formatted(web, i));
        String commit =
            query(
                """
                with changes as (select * from pg_logical_slot_peek_changes('judge', null, null))
                select c.lsn from changes c join changes i on i.xid::text = c.xid::text
                where c.data like 'COMMIT%%' and i.data like '%%''%s-%d''%%'
                """
                    .formatted(web, i));
        assertThat(position(answer).lsn()).isGreaterThanOrEqualTo(Lsn.parse(commit));
      }
    }
    HttpResponse<String> deleted = send(web, "POST", "/keyed", "", "Idempotency-Key", "p" + web);
    assertThat(deleted.statusCode()).isEqualTo(204);
    assertThat(position(deleted)).isNotNull();
    assertThat(position(send(web, "GET", "/accounts/ada", ""))).isNotNull();
    assertThat(position(send(web, "GET", "/nowhere", ""))).isNotNull();
    assertThat(send(web, "GET", "/.freshet/position", "").body())
        .contains("\"kind\":\"primary\"")
        .contains("\"ready\":true");
  }

  @ParameterizedTest
  @EnumSource(Web.class)
  void whatWasDoneUnderAKeyIsAnsweredAgain(Web web) throws Exception {
    String path = "/accounts/ada/deposits";
    String before = query("select balance from account where name = 'ada'");
    String key = "key-" + web;
    HttpResponse<String> first =
        send(web, "POST", path, "{\"amount\": 3.50}", "Idempotency-Key", key);
    assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
    assertThat(first.headers().firstValue("Idempotency-Replayed")).isEmpty();
    HttpResponse<String> again =
        send(web, "POST", path, "{\"amount\": 3.50}", "Idempotency-Key", key);
    assertThat(again.body()).isEqualTo(first.body());
    assertThat(again.headers().firstValue("ETag")).isEqualTo(first.headers().firstValue("ETag"));
    assertThat(again.headers().firstValue("Idempotency-Replayed")).contains("true");
    assertThat(position(again).isAtOrPast(position(first))).isTrue();
    assertThat(query("select balance - %s from account where name = 'ada'".formatted(before)))
        .isEqualTo("3.50");
    assertRefused(
        send(web, "POST", path, "{\"amount\": 4}", "Idempotency-Key", key),
        422,
        "idempotency-mismatch");
    assertRefused(send(web, "POST", "/keyed", ""), 400, "bad-request");
  }

  /** As JPA counts them: at a flush. */
  @ParameterizedTest
  @EnumSource(Web.class)
  void versionsAreTheSameWithAKeyAndWithoutOne(Web web) throws Exception {
    for (String path : List.of("/accounts/ada/deposits", "/accounts/ada/saved-deposits")) {
      for (String[] headers : new String[][] {{}, {"Idempotency-Key", "version-" + web}}) {
        HttpResponse<String> answer = send(web, "POST", path, "{\"amount\": 1}", headers);
        String version = query("select version from account where name = 'ada'");
        assertThat(answer.headers().firstValue("ETag")).as(path).contains("\"v" + version + "\"");
        assertThat(answer.body()).contains("\"version\":" + version);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Web.class)
  void manyWithOneKeyDoItOnce(Web web) throws Exception {
    int before = Integer.parseInt(query("select version from account where name = 'ada'"));
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> answers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        answers.add(
            clients.submit(
                () -> {
                  HttpResponse<String> answer;
                  do {
                    answer =
                        send(
                            web,
                            "POST",
                            "/accounts/ada/deposits",
                            "{\"amount\": 1}",
                            "Idempotency-Key",
                            "\"all-" + web + "\"");
                  } while (answer.statusCode() == 409
                      && answer.body().contains("\"code\":\"in-progress\""));
                  return answer.statusCode();
                }));
      }
      for (Future<Integer> answer : answers) {
        assertThat(answer.get()).isEqualTo(200);
      }
    }
    assertThat(query("select version from account where name = 'ada'"))
        .isEqualTo(String.valueOf(before + 1));
  }

  /** Refusals of the service, of its database at the commit, and of values. */
  @ParameterizedTest
  @EnumSource(Web.class)
  void refusalsRollBackAndAreTold(Web web) throws Exception {
    String before = query("select balance from account where name = 'ada'");
    HttpResponse<String> rich =
        send(
            web,
            "POST",
            "/accounts/ada/deposits",
            "{\"amount\": 2000000}",
            "Idempotency-Key",
            "rich-" + web);
    assertRefused(rich, 409, "too-rich");
    assertThat(rich.body()).contains("\"type\":\"urn:app:too-rich\"");
    assertThat(query("select balance from account where name = 'ada'")).isEqualTo(before);
    assertThat(query("select count(*) from freshet.idempotency where key like 'rich%'"))
        .isEqualTo("0");
    HttpResponse<String> invalid =
        send(
            web,
            "POST",
            "/accounts/ada/deposits",
            "{\"amount\": -1, \"notes\": [{\"text\": \"a\"}, {}]}");
    assertRefused(invalid, 422, "invalid");
    assertThat(invalid.body()).contains("\"/amount\"").contains("\"/notes/1/text\"");
    assertRefused(
        send(web, "POST", "/accounts/ada/deposits", "{\"amount\": "), 400, "malformed-json");
    String card = "/accounts/card-" + web;
    assertThat(send(web, "PUT", card, "{\"card\": \"c%s\"}".formatted(web)).statusCode())
        .isEqualTo(201);
    assertRefused(
        send(web, "PUT", card + "-2", "{\"card\": \"c%s\"}".formatted(web)), 409, "conflict");
    assertRefused(
        send(web, "POST", "/accounts/ada/late-deposits", "{\"amount\": 1}"), 409, "conflict");
    assertRefused(
        send(web, "POST", "/accounts/ada/late-deposits", "{\"amount\": 1}", "If-Match", "\"v1\""),
        412,
        "version-mismatch");
  }

  /** Who it is from is known once the service's own security has said so. */
  @ParameterizedTest
  @EnumSource(Web.class)
  void keysAreTheirUsersOwn(Web web) throws Exception {
    int before = Integer.parseInt(query("select version from account where name = 'ada'"));
    for (String user : List.of("ada", "bob", "ada")) {
      HttpResponse<String> answer =
          send(
              web,
              "POST",
              "/accounts/ada/deposits",
              "{\"amount\": 1}",
              "Idempotency-Key",
              "own-" + web,
              "X-User",
              user);
      assertThat(answer.statusCode()).isEqualTo(200);
    }
    assertThat(query("select version from account where name = 'ada'"))
        .isEqualTo(String.valueOf(before + 2));
  }

  @ParameterizedTest
  @EnumSource(Web.class)
  void formsAreOfTheRequestToo(Web web) throws Exception {
    String[] headers = {
      "Idempotency-Key", "form-" + web, "Content-Type", "application/x-www-form-urlencoded"
    };
    assertThat(send(web, "POST", "/forms", "amount=1", headers).statusCode()).isEqualTo(200);
    assertThat(send(web, "POST", "/forms", "amount=1", headers).headers().map())
        .containsKey("idempotency-replayed");
    assertRefused(send(web, "POST", "/forms", "amount=2", headers), 422, "idempotency-mismatch");
  }

  @ParameterizedTest
  @EnumSource(Web.class)
  void isolationIsNotLost(Web web) throws Exception {
    HttpResponse<String> refused = send(web, "POST", "/strict", "", "Idempotency-Key", "s-" + web);
    assertThat(refused.statusCode()).isEqualTo(500);
    assertThat(refused.body()).contains("isolation = Isolation.SERIALIZABLE");
    for (String path : List.of("/strict", "/strict-enough")) {
      assertThat(send(web, "POST", path, "").statusCode()).as(path).isEqualTo(200);
    }
    assertThat(send(web, "POST", "/strict-enough", "", "Idempotency-Key", "se-" + web).statusCode())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @EnumSource(Web.class)
  void whatTheServiceChoseItselfStays(Web web) throws Exception {
    assertThat(send(web, "PUT", "/cards/x" + web, "").statusCode()).isEqualTo(200);
    HttpResponse<String> taken = send(web, "PUT", "/cards/x" + web, "");
    assertThat(taken.statusCode()).as(taken.body()).isEqualTo(400);
    assertThat(send(web, "GET", "/timeout", "").body()).isEqualTo("[\"0\"]");
    assertThat(send(web, "GET", "/timeout", "", "Freshet-Deadline", "60000").body())
        .matches("\\[\"(1min|5\\d+ms)\"]");
    execute("alter role postgres set statement_timeout = '2s'");
    try (ConfigurableApplicationContext strict = service(web, BankApplication.class)) {
      ConfigurableApplicationContext usual = services.put(web, strict);
      try {
        assertThat(send(web, "GET", "/timeout", "", "Freshet-Deadline", "60000").body())
            .isEqualTo("[\"2s\"]");
      } finally {
        services.put(web, Objects.requireNonNull(usual));
      }
    } finally {
      execute("alter role postgres reset statement_timeout");
    }
  }

  @ParameterizedTest
  @EnumSource(Web.class)
  void nothingGoesOnWhenNobodyWaitsAnyMore(Web web) throws Exception {
    long begun = System.nanoTime();
    assertRefused(
        send(web, "DELETE", "/patience", "", "Freshet-Deadline", "300"), 504, "backend-timeout");
    assertThat(System.nanoTime() - begun).isLessThan(10_000_000_000L);
  }

  @ParameterizedTest
  @EnumSource(Web.class)
  void transactionsSayWhichTraceTheyArePartOf(Web web) throws Exception {
    String trace = "00-%032x-0000000000000005-01".formatted(web.name().length());
    send(web, "PUT", "/accounts/traced-" + web, "{}", "traceparent", trace);
    assertThat(
            query(
                "select count(*) from pg_logical_slot_peek_changes('judge', null, null) where data like '%%prefix: freshet.trace%%content:%s'"
                    .formatted(trace)))
        .isEqualTo("1");
  }

  /** One whose answer comes after its transaction. */
  @RestController
  static class Later {

    @PostMapping("/later")
    @Idempotent
    ResponseEntity<Mono<String>> later() {
      return ResponseEntity.ok(Mono.just("late"));
    }
  }

  @ParameterizedTest
  @EnumSource(Web.class)
  void methodsThatCanNotBeDoneOnceAreFoundAtTheStart(Web web) {
    assertThatThrownBy(() -> service(web, BankApplication.class, Later.class).close())
        .hasMessageContaining("Later.later() is @Idempotent")
        .hasMessageContaining("Have it return the value itself.");
    assertThat(BankController.deposits).isNotNegative();
  }
}
