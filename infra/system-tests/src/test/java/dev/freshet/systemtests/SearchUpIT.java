package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.bench.UpProcess;
import dev.freshet.bench.http.HttpCalls;
import dev.freshet.bench.process.ProjectHome;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The whole system with a search store: what was written is found there by its words. */
class SearchUpIT {

  private static final int PORTS = 30_000;
  private static final int ORDERS = 20;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir static Path folder;

  private static UpProcess up;

  private final HttpCalls calls = new HttpCalls(Duration.ofSeconds(10));

  @BeforeAll
  static void start() throws Exception {
    Path config = folder.resolve("config");
    FileSystemUtils.copyRecursively(ProjectHome.path().resolve("infra/restaurant"), config);
    Path orders = config.resolve("models/orders.sql");
    Files.writeString(
        orders,
        Files.readString(orders)
            .replaceFirst(
                "key: id",
                "key: id\nstores: [search]\nsearch: { text: [customer, items.name], language: english }"));
    up =
        UpProcess.start(
            folder.resolve("data"),
            PORTS,
            "--search",
            "--replicas",
            "0",
            "--config",
            config.toString());
    up.awaitReady();
  }

  @AfterAll
  static void stop() {
    up.close();
  }

  private JsonNode status() throws Exception {
    return JsonMapper.shared()
        .readTree(calls.send("GET", up.operators() + "/api/status", "").body());
  }

  private String searchUrl() throws Exception {
    for (JsonNode instance : status().path("instances")) {
      if (instance.path("kind").asString("").equals("search")) {
        return up.reader(3);
      }
    }
    throw new AssertionError("There is no copy of kind search");
  }

  private JsonNode follower() throws Exception {
    return JsonMapper.shared()
        .readTree(
            calls.send("GET", "http://127.0.0.1:%d/api/follower".formatted(PORTS + 40), "").body());
  }

  private HttpResponse<String> place(String customer) throws Exception {
    HttpResponse<String> placed =
        calls.send(
            "POST",
            "http://127.0.0.1:%d/orders".formatted(PORTS + 10),
            "{\"kind\":\"takeaway\",\"customer\":\"%s\",\"items\":[{\"sku\":\"margherita\",\"quantity\":1}]}"
                .formatted(customer));
    assertThat(placed.statusCode()).as(placed.body()).isEqualTo(201);
    return placed;
  }

  @Test
  void whatWasWrittenIsFoundByItsWordsAndIsAnsweredByOthersWhenTheStoreIsGone() throws Exception {
    String search = searchUrl();
    assertThat(up.output()).contains("search store   http://127.0.0.1:" + (PORTS + 305));
    await()
        .atMost(PATIENCE)
        .until(() -> follower().path("models").path(0).path("state").asString("").equals("served"));
    for (int i = 0; i < ORDERS; i++) {
      HttpResponse<String> placed = place("Guest%d Zzyzx".formatted(i));
      HttpResponse<String> found =
          calls.send(
              "GET",
              search + "/orders?select=customer&search=wfts.guest%d%%20margherita".formatted(i),
              "",
              "Freshet-Min-Position",
              placed.headers().firstValue("Freshet-Position").orElseThrow(),
              "Freshet-Max-Wait",
              "10000");
      assertThat(found.body()).isEqualTo("[{\"customer\":\"Guest%d Zzyzx\"}]".formatted(i));
    }
    await().atMost(PATIENCE).until(() -> status().path("verdict").path("ok").asBoolean());

    ProcessHandle node =
        ProcessHandle.of(Long.parseLong(Files.readString(folder.resolve("data/search/search.pid"))))
            .orElseThrow();
    node.destroyForcibly();
    node.onExit().join();
    HttpResponse<String> answered =
        calls.send("GET", up.gateway() + "/orders?select=customer&search=wfts.guest7", "");
    assertThat(answered.body()).isEqualTo("[{\"customer\":\"Guest7 Zzyzx\"}]");
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(
                        calls
                            .send(
                                "GET", "http://127.0.0.1:%d/api/follower".formatted(PORTS + 40), "")
                            .body())
                    .contains("\"state\":\"retrying\"", "does not answer"));
    assertThat(up.output()).contains("The search store (process %d) ended".formatted(node.pid()));
  }
}
