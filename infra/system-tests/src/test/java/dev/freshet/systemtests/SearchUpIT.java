package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.bench.UpProcess;
import dev.freshet.bench.http.HttpCalls;
import dev.freshet.bench.process.ProjectHome;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
                "key: id", "key: id\nsearch: { text: [customer, items.name], language: english }"));
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

  private static String freshet(String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(List.of(ProjectHome.path().resolve("freshet").toString()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private void requireThatOperatorsSeeIt() throws Exception {
    assertThat(
            freshet("routes", "explain", "GET", "/orders?search=wfts.ada", "--url", up.operators()))
        .contains("chosen     search-1", "any, first for full text");
    String sync = "http://127.0.0.1:" + (PORTS + 30);
    assertThat(freshet("models", "list", "--url", sync))
        .containsPattern("  in store search +served +\\d+\\.\\d{3} s +at \\d+:\\p{XDigit}+/");
    assertThat(
            freshet(
                "models", "verify", "--store", "--follower", "http://127.0.0.1:" + (PORTS + 40)))
        .containsPattern("orders +%d +0 +0 +0\n".formatted(ORDERS))
        .contains("All rows match.", "Compared with the read database, at one position each.");
  }

  /** And what is read otherwise is the read database's, which is cheaper. */
  private void requireThatWordsAreTheStores() throws Exception {
    for (String[] expected :
        new String[][] {
          {"/orders?search=wfts.guest7&order=rank.desc", "kind=search"},
          {"/orders?customer=eq.Nobody", "kind=read-database"}
        }) {
      HttpResponse<String> answer = calls.send("GET", up.gateway() + expected[0], "");
      assertThat(answer.headers().firstValue("Freshet-Source").orElse(""))
          .as(expected[0] + " " + answer.body())
          .contains(expected[1]);
    }
  }

  @Test
  void whatWasWrittenIsFoundByItsWordsAndIsAnsweredByOthersWhenTheStoreIsGone() throws Exception {
    String search = searchUrl();
    assertThat(up.output()).contains("search store   http://127.0.0.1:" + (PORTS + 305));
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(follower().path("models").findValuesAsString("state"))
                    .containsExactly("served", "served"));
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
    requireThatOperatorsSeeIt();
    requireThatWordsAreTheStores();

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
                    .contains("\"state\":\"retrying\"", "can't be reached"));
    assertThat(up.output()).contains("The search store (process %d) ended".formatted(node.pid()));
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(status().path("verdict").findValuesAsString("code"))
                    .contains("follower-interrupted"));
  }
}
