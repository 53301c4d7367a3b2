package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.bench.Restaurant;
import dev.freshet.bench.UpProcess;
import dev.freshet.systemtests.Collector.Span;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Traces of the whole system, as a collector gets them. */
class TracesIT {

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String CUSTOMER = "Grace-who-is-nobodys-business";

  private static Collector collector;
  private static UpProcess up;
  private static Restaurant restaurant;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    collector = new Collector();
    up =
        UpProcess.start(
            folder,
            28_500,
            Map.of(
                "OTEL_EXPORTER_OTLP_ENDPOINT", collector.url(), "OTEL_BSP_SCHEDULE_DELAY", "50"));
    up.awaitReady();
    restaurant = new Restaurant(up.gateway());
  }

  @AfterAll
  static void stop() {
    up.close();
    collector.close();
  }

  /** A trace of a client's own. */
  private record Trace(String id, String span) {

    static Trace begin() {
      ThreadLocalRandom random = ThreadLocalRandom.current();
      return new Trace(
          "%016x%016x".formatted(random.nextLong(), random.nextLong() | 1),
          "%016x".formatted(random.nextLong() | 1));
    }

    String header(boolean isSampled) {
      return "00-%s-%s-%s".formatted(id, span, isSampled ? "01" : "00");
    }

    /** Waits for the one span of its kind. */
    Span await(Predicate<Span> isMeant) {
      Awaitility.await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(collector.of(id).stream().filter(isMeant))
                      .as(() -> "of " + String.join("\n", texts()))
                      .hasSize(1));
      return collector.of(id).stream().filter(isMeant).findFirst().orElseThrow();
    }

    private List<String> texts() {
      return collector.of(id).stream()
          .map(
              span -> "%s %s %s %s".formatted(span.service(), span.kind(), span.name(), span.all()))
          .toList();
    }
  }

  private static Predicate<Span> of(String service, String kind, String name) {
    return span ->
        span.service().equals(service) && span.kind().equals(kind) && span.name().startsWith(name);
  }

  private static HttpResponse<String> placeOrder(String traceParent) throws Exception {
    HttpResponse<String> placed =
        restaurant.send(
            "POST",
            "/orders",
            """
            {"kind":"takeaway","customer":"%s","items":[{"sku":"margherita","quantity":2}]}"""
                .formatted(CUSTOMER),
            "traceparent",
            traceParent,
            "X-Request-Id",
            "a-name-of-its-own");
    assertThat(placed.statusCode()).as(placed.body()).isEqualTo(201);
    return placed;
  }

  @Test
  void writeIsOneTraceFromTheGatewayToTheSqlAndToItsArrivalInTheReadDatabase() throws Exception {
    Trace trace = Trace.begin();
    placeOrder(trace.header(true));

    Span entered = trace.await(of("freshet-gateway", "SERVER", "POST /orders/**"));
    assertThat(entered.parent()).isEqualTo(trace.span());
    assertThat(entered.attributes())
        .containsEntry("http.route", "/orders/**")
        .containsEntry("http.response.status_code", "201")
        .containsEntry("freshet.intent", "write")
        .containsEntry("freshet.source", "write-1")
        .containsEntry("freshet.request_id", "a-name-of-its-own");
    Span attempt = trace.await(of("freshet-gateway", "CLIENT", "POST"));
    assertThat(attempt.parent()).isEqualTo(entered.id());
    assertThat(attempt.attributes())
        .containsEntry("freshet.instance", "write-1")
        .containsEntry("freshet.outcome", "answered");
    Span taken = trace.await(of("freshet-write-backend", "SERVER", "POST"));
    assertThat(taken.parent()).isEqualTo(attempt.id());
    assertThat(taken.attribute("http.route")).isEqualTo("/orders");
    assertThat(
            trace
                .await(
                    span ->
                        span.service().equals("freshet-write-backend")
                            && span.name().endsWith(".getConnection"))
                .parent())
        .isEqualTo(taken.id());
    for (String statement : List.of("commit", "insert into orders")) {
      assertThat(
              trace
                  .await(
                      span ->
                          span.service().equals("freshet-write-backend")
                              && span.attribute("db.query.text").contains(statement))
                  .parent())
          .isEqualTo(taken.id());
    }
    Span arrived = trace.await(of("freshet-cdc-sync", "CONSUMER", "arrive in read-1"));
    assertThat(arrived.parent()).isEqualTo(taken.id());
    assertThat(arrived.attribute("freshet.changes")).isEqualTo("2");
    assertThat(arrived.attribute("freshet.position")).matches("\\d+:[0-9A-F]+/[0-9A-F]+");
    assertThat(arrived.took()).isBetween(Duration.ofNanos(1), PATIENCE);
    assertThat(collector.of(trace.id())).noneMatch(Span::failed);
  }

  @Test
  void readIsOneTraceFromTheGatewayToTheSqlOfTheCopyThatAnswered() throws Exception {
    Trace trace = Trace.begin();
    HttpResponse<String> placed = placeOrder(Trace.begin().header(true));
    HttpResponse<String> read =
        restaurant.get(
            placed.headers().firstValue("Location").orElseThrow() + "?select=id,customer",
            "traceparent",
            trace.header(true),
            "Freshet-Session",
            placed.headers().firstValue("Freshet-Session").orElseThrow());
    assertThat(read.statusCode()).isEqualTo(200);
    String source = read.headers().firstValue("Freshet-Source").orElseThrow().split(";", -1)[0];

    Span entered = trace.await(of("freshet-gateway", "SERVER", "GET /orders/**"));
    assertThat(entered.attribute("freshet.source")).isEqualTo(source);
    Span answered =
        trace.await(
            of("freshet-read-backend", "SERVER", "GET /{model}/{*key}")
                .and(span -> span.attribute("http.response.status_code").equals("200")));
    assertThat(answered.attribute("service.instance.id")).isEqualTo(source);
    assertThat(
            trace.await(span -> span.id().equals(answered.parent())).attribute("freshet.instance"))
        .isEqualTo(source);
    Span select = trace.await(of("freshet-read-backend", "CLIENT", "select"));
    assertThat(select.parent()).isEqualTo(answered.id());
    assertThat(select.attribute("db.query.text"))
        .contains("read.\"orders\"")
        .doesNotContain(CUSTOMER);
  }

  @Test
  void refusalIsNoFailureAndATraceOfItsOwnWhereTheClientHasNone() throws Exception {
    HttpResponse<String> refused = restaurant.get("/no/such/route", "X-Request-Id", "of-nobody");
    assertThat(refused.statusCode()).isEqualTo(404);
    Span span =
        Awaitility.await()
            .atMost(PATIENCE)
            .until(
                () ->
                    collector.spans().stream()
                        .filter(any -> any.attribute("freshet.request_id").equals("of-nobody"))
                        .toList(),
                found -> found.size() == 1)
            .getFirst();
    assertThat(span.parent()).isEmpty();
    assertThat(span.name()).isEqualTo("GET");
    assertThat(span.failed()).isFalse();
    assertThat(span.attribute("http.response.status_code")).isEqualTo("404");
  }

  @Test
  void whatIsNotSampledLeavesNoSpansAndNothingInTheLog() throws Exception {
    Trace left = Trace.begin();
    Trace sampled = Trace.begin();
    try (Connection primary = up.primary()) {
      Copies.single(
          primary, "select pg_create_logical_replication_slot('traces', 'pgoutput', true)");
      placeOrder(left.header(false));
      placeOrder(sampled.header(true));
      assertThat(
              Copies.single(
                  primary,
                  "select string_agg(substr(encode(data, 'escape'), strpos(encode(data, 'escape'), '00-')), ' ') from pg_logical_slot_peek_binary_changes('traces', null, null, 'proto_version', '1', 'publication_names', 'freshet_read_1', 'messages', 'true') where encode(data, 'escape') like '%freshet.trace%'"))
          .contains(sampled.id())
          .doesNotContain(left.id());
    }
    sampled.await(of("freshet-cdc-sync", "CONSUMER", "arrive"));
    assertThat(collector.of(left.id())).isEmpty();
  }

  @Test
  void spansHoldNoValuesAndNobodyTracesHowPartsAskEachOther() throws Exception {
    Trace trace = Trace.begin();
    placeOrder(Trace.begin().header(true));
    restaurant.get("/orders?customer=eq." + CUSTOMER, "traceparent", trace.header(true));
    trace.await(of("freshet-read-backend", "CLIENT", "select"));
    // PostgreSQL quotes what it can't read.
    Trace failing = Trace.begin();
    HttpResponse<String> refused =
        restaurant.get("/orders?id=eq." + CUSTOMER, "traceparent", failing.header(true));
    assertThat(refused.body()).contains("bad-value");
    Span failed = failing.await(of("freshet-read-backend", "CLIENT", "select"));
    assertThat(failed.failed()).isTrue();
    assertThat(failed.attribute("error.type")).isEqualTo("org.postgresql.util.PSQLException");
    List<Span> all = collector.spans();
    assertThat(all).noneMatch(span -> span.all().contains(CUSTOMER));
    assertThat(all)
        .extracting(span -> span.attribute("url.path"))
        .noneMatch(path -> path.startsWith("/.freshet") || path.startsWith("/actuator"));
    // Nothing is traced but what a client asked for.
    assertThat(all)
        .filteredOn(span -> span.parent().isEmpty())
        .allMatch(span -> span.service().equals("freshet-gateway"));
  }
}
