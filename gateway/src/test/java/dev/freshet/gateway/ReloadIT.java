package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.core.WireMockConfiguration;
import dev.freshet.gateway.live.Edition;
import dev.freshet.gateway.live.LiveRoutes;
import dev.freshet.gateway.live.RoutesLoader;
import dev.freshet.gateway.live.RoutesWatch;
import java.lang.management.ManagementFactory;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** Routes that change while the gateway runs. */
class ReloadIT {

  private static final int RELOADS = 500;
  private static final int CLIENTS = 4;
  private static final long MOST_GROWTH_BYTES = 8 << 20;

  @TempDir Path folder;

  private WireMockServer backend;
  private ConfigurableApplicationContext gateway;

  @BeforeEach
  void start() throws Exception {
    backend =
        new WireMockServer(
            WireMockConfiguration.options()
                .dynamicPort()
                .bindAddress("127.0.0.1")
                .disableRequestJournal());
    backend.start();
    backend.stubFor(
        any(anyUrl()).willReturn(okJson("{}").withHeader("Freshet-Position", "1:0/500")));
    backend.stubFor(
        get("/.freshet/position")
            .willReturn(
                okJson(
                    "{\"position\":\"1:0/500\",\"kind\":\"primary\",\"lagSeconds\":0,\"ready\":true}")));
    write(routes("first"));
    gateway = TestGateway.start(folder, Map.of("data", folder.toString()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    backend.stop();
  }

  /** Routes to one instance, which is called as the edition is. */
  private String routes(String edition) {
    return """
    version: 1
    routes:
      - { id: plain, path: /plain/**, read: { pool: all }, write: { pool: all } }
      - { id: filtered, path: /filtered/**, read: { pool: all }, write: { pool: all }, filters: [ "AddResponseHeader=X-Edition, %1$s" ] }
    pools:
      all: { instances: [ { id: %1$s, url: "http://127.0.0.1:%2$d", kind: primary } ] }
    """
        .formatted(edition, backend.port());
  }

  /** At once, as editors do: a file that is looked at while it is written is empty for a moment. */
  private void write(String text) throws Exception {
    Path written = Files.writeString(folder.resolve("routes.yaml.new"), text);
    Files.move(written, folder.resolve("routes.yaml"), StandardCopyOption.ATOMIC_MOVE);
  }

  private HttpResponse<String> send(String method, String path) throws Exception {
    return TestGateway.send(gateway, method, path, "");
  }

  private String operator(String path) throws Exception {
    return TestGateway.operate(gateway, "GET", path, "").body();
  }

  /** The loader, to which nobody else tells what the file says. */
  private RoutesLoader unwatchedLoader() {
    gateway.getBean(RoutesWatch.class).close();
    return gateway.getBean(RoutesLoader.class);
  }

  private static String source(HttpResponse<String> answer) {
    return answer.headers().firstValue("Freshet-Source").orElse("").replaceFirst(";.*", "");
  }

  @Test
  void changedFileIsInForceWithinASecond() throws Exception {
    assertThat(source(send("GET", "/plain/1"))).isEqualTo("first");
    assertThat(operator("/actuator/prometheus"))
        .contains("freshet_requests_seconds_count{backend=\"first\"");
    write(routes("second"));
    await()
        .atMost(Duration.ofSeconds(1))
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(() -> assertThat(source(send("GET", "/plain/1"))).isEqualTo("second"));
    HttpResponse<String> filtered = send("GET", "/filtered/1");
    assertThat(filtered.headers().allValues("X-Edition"))
        .as(filtered + filtered.body())
        .containsExactly("second");
    assertThat(operator("/api/status")).contains("\"generation\":2");
    assertThat(operator("/actuator/prometheus"))
        .contains("freshet_routes_generation 2.0")
        .contains("freshet_backend_up{backend=\"second\"} 1.0")
        .contains("freshet_requests_seconds_count{backend=\"second\"")
        .as("of what is gone")
        .doesNotContain("backend=\"first\"");
    assertThat(gateway.getBean(RoutesLoader.class).editions())
        .extracting(Edition::changes)
        .containsExactly(
            List.of(
                "route filtered changed",
                "instance second was added",
                "instance first was removed"),
            List.of());
  }

  @Test
  void fileThatCantBeUsedChangesNothingAndIsTold() throws Exception {
    write(routes("second").replace("pool: all", "pool: al"));
    await().untilAsserted(() -> assertThat(operator("/api/status")).contains("\"ok\":false"));
    assertThat(operator("/api/status"))
        .contains("routes.yaml has changed and can't be used")
        .contains("did you mean all?")
        .contains("\"generation\":1");
    assertThat(operator("/actuator/prometheus")).contains("freshet_routes_reload_failed 1.0");
    assertThat(operator("/actuator/health/readiness")).contains("\"status\":\"UP\"");
    assertThat(source(send("GET", "/plain/1"))).isEqualTo("first");
    Files.delete(folder.resolve("routes.yaml"));
    await()
        .untilAsserted(() -> assertThat(operator("/api/status")).contains("is not there any more"));
    write(routes("third"));
    await().untilAsserted(() -> assertThat(source(send("GET", "/plain/1"))).isEqualTo("third"));
    assertThat(operator("/api/status")).contains("\"ok\":true");
    assertThat(operator("/actuator/prometheus")).contains("freshet_routes_reload_failed 0.0");
  }

  @Test
  void requestThatHasBegunEndsOnItsOwnGeneration() throws Exception {
    backend.stubFor(
        get("/plain/slow")
            .willReturn(
                okJson("{}")
                    .withHeader("Freshet-Position", "1:0/500")
                    .withChunkedDribbleDelay(5, 1_500)));
    CompletableFuture<HttpResponse<String>> slow =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return send("GET", "/plain/slow");
              } catch (Exception e) {
                throw new CompletionException(e);
              }
            });
    LiveRoutes live = gateway.getBean(LiveRoutes.class);
    await().until(() -> live.instances().getFirst().inFlight() == 1);
    RoutesLoader loader = unwatchedLoader();
    loader.look(routes("second"));
    assertThat(source(send("GET", "/plain/1"))).isEqualTo("second");
    assertThat(source(slow.get())).isEqualTo("first");
    assertThat(slow.get().body()).isEqualTo("{}");
  }

  @Test
  void rollbackGoesBackEditionByEditionAndStaysUntilTheFileChanges() throws Exception {
    RoutesLoader loader = unwatchedLoader();
    loader.look(routes("second"));
    loader.look(routes("third"));
    assertThat(loader.rollBack()).map(Edition::origin).contains(2);
    assertThat(source(send("GET", "/plain/1"))).isEqualTo("second");
    assertThat(loader.rollBack()).map(Edition::origin).contains(1);
    assertThat(loader.isPinned()).isTrue();
    assertThat(loader.rollBack()).isEmpty();
    loader.look(routes("third"));
    assertThat(source(send("GET", "/plain/1"))).isEqualTo("first");
    loader.look(routes("fourth"));
    assertThat(source(send("GET", "/plain/1"))).isEqualTo("fourth");
    assertThat(loader.isPinned()).isFalse();
  }

  private HttpResponse<String> post(String path, String body, String... headers) throws Exception {
    return TestGateway.operate(gateway, "POST", path, body, headers);
  }

  @Test
  void operatorsSeeTheRoutesWithoutSecretsAndGoBack() throws Exception {
    write(
        routes("second")
            .replace("version: 1", "version: 1\nprimary: \"postgresql://a:hidden@127.0.0.1:1/x\""));
    await().untilAsserted(() -> assertThat(operator("/api/routes")).contains("\"generation\":2"));
    assertThat(operator("/api/routes"))
        .contains("postgresql://a:***@127.0.0.1:1/x")
        .contains("the primary's database changed")
        .doesNotContain("hidden");
    assertThat(post("/api/routes/rollback", "", "Origin", "http://evil.example").statusCode())
        .isEqualTo(403);
    HttpResponse<String> back = post("/api/routes/rollback", "");
    assertThat(back.body()).contains("\"generation\":3").contains("\"cause\":\"rollback\"");
    assertThat(operator("/api/routes")).contains("\"pinned\":true");
    assertThat(operator("/api/status")).contains("rolled back until their file changes");
    assertThat(source(send("GET", "/plain/1"))).isEqualTo("first");
    assertThat(post("/api/routes/rollback", "").statusCode()).isEqualTo(409);
  }

  @Test
  void routesAreCheckedWithoutBeingPutInForce() throws Exception {
    assertThat(post("/api/routes/validate", routes("second")).statusCode()).isEqualTo(200);
    HttpResponse<String> answer =
        post("/api/routes/validate", routes("second").replace("version: 1", "verson: 1"));
    assertThat(answer.statusCode()).isEqualTo(422);
    assertThat(answer.body())
        .contains(
            "\"line\":1,\"column\":1,\"message\":\"'verson' is not a key here; did you mean version?\"");
    assertThat(operator("/api/routes")).contains("\"generation\":1").contains("\"history\":[]");
  }

  @Test
  void checkTellsNeitherWhichFilesThereAreNorWhatVariablesStandFor() throws Exception {
    String there = folder.resolve("routes.yaml").toString();
    List<String> answers = new ArrayList<>();
    for (String ca :
        List.of(there, folder.resolve("none.pem").toString(), "/etc/passwd", "/root/x")) {
      HttpResponse<String> answer = post("/api/routes/validate", withTls(ca, "one"));
      assertThat(answer.statusCode()).isEqualTo(200);
      answers.add(answer.body());
    }
    assertThat(answers).containsOnly(answers.getFirst());
    assertThat(answers.getFirst()).contains("The files that tls names were not looked for");
    String home = System.getenv("HOME");
    assertThat(home).isNotBlank();
    assertThat(post("/api/routes/validate", withTls(there, "${HOME}")).body())
        .contains("${HOME}")
        .doesNotContain(home);
  }

  private static String withTls(String ca, String id) {
    return """
        version: 1
        routes: [ { id: all, path: /**, read: { pool: one } } ]
        pools:
          one:
            instances:
              - { id: "%s", url: "https://127.0.0.1:1", kind: replica, tls: { ca: "%s" } }
        """
        .formatted(id, ca);
  }

  @Test
  void manyReloadsUnderLoadFailNoRequestAndLeaveNothingBehind() throws Exception {
    RoutesLoader loader = unwatchedLoader();
    AtomicInteger swapped = new AtomicInteger();
    AtomicLong answered = new AtomicLong();
    ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
    loader.look(routes("e0"));
    List<Thread> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      String path = i % 2 == 0 ? "/plain/" : "/filtered/";
      clients.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    while (swapped.get() < RELOADS) {
                      request(path, swapped, wrong);
                      answered.incrementAndGet();
                    }
                  }));
    }
    long settled = 0;
    for (int i = 1; i <= RELOADS; i++) {
      loader.look(routes("e" + i));
      swapped.set(i);
      long enough = answered.get() + CLIENTS;
      await()
          .pollInterval(Duration.ofMillis(2))
          .until(() -> answered.get() >= enough || !wrong.isEmpty());
      if (i == RELOADS / 5) {
        settled = usedBytes();
      }
    }
    for (Thread thread : clients) {
      thread.join();
    }
    assertThat(wrong).isEmpty();
    assertThat(usedBytes() - settled).isLessThan(MOST_GROWTH_BYTES);
    assertThat(
            operator("/actuator/prometheus")
                .lines()
                .filter(l -> l.startsWith("freshet_backend_up")))
        .hasSize(1);
  }

  private void request(String path, AtomicInteger swapped, ConcurrentLinkedQueue<String> wrong) {
    int before = swapped.get();
    try {
      HttpResponse<String> answer = send(before % 2 == 0 ? "GET" : "POST", path + before);
      int edition = Integer.parseInt(source(answer).replaceFirst("e", "0"));
      if (answer.statusCode() != 200 || edition < before) {
        wrong.add("%d of %s after %d".formatted(answer.statusCode(), source(answer), before));
      }
    } catch (Exception e) {
      wrong.add("%s after %d".formatted(e, before));
    }
  }

  private static long usedBytes() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
