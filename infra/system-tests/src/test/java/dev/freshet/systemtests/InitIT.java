package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.bench.UpProcess;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class InitIT {

  @TempDir static Path folder;

  /** The folder that it makes can be used as it is, with its routes and without. */
  @Test
  void folderToStartFromRuns() throws Exception {
    String made = folder.resolve("notes").toString();
    assertThat(CommandLine.run(Map.of(), "init", made))
        .returns(0, CommandLine.Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("./freshet up --config " + made));
    assertThat(CommandLine.run(Map.of(), "init", made))
        .returns(1, CommandLine.Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("is not empty"));
    assertThat(CommandLine.run(Map.of(), "routes", "validate", made + "/routes.yaml"))
        .returns(0, CommandLine.Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("2 of 2 tests passed"));
    try (UpProcess up = up(made)) {
      assertThat(add(up).statusCode()).isEqualTo(201);
      JsonNode paths =
          JsonMapper.shared().readTree(get(up.operators() + "/api/openapi.json")).path("paths");
      assertThat(paths.propertyNames()).containsExactlyInAnyOrder("/notes", "/notes/{id}");
      assertThat(paths.path("/notes").propertyNames()).containsExactlyInAnyOrder("get", "post");
      assertThat(get(up.gateway() + "/openapi.json")).contains("no-route");
      assertThat(
              CommandLine.run(
                  Map.of("PGPASSFILE", folder.resolve("data/pgpass").toString()),
                  "commands",
                  "test",
                  "--commands",
                  made + "/commands",
                  "--primary",
                  "postgresql://postgres@127.0.0.1:23250/freshet"))
          .returns(0, CommandLine.Ended::status)
          .satisfies(ended -> assertThat(ended.output()).contains("2 tests run, all passed."));
    }
    Files.delete(Path.of(made, "routes.yaml"));
    try (UpProcess up = up(made)) {
      HttpResponse<String> added = add(up);
      String token = added.headers().firstValue("Freshet-Session").orElseThrow();
      String note = added.headers().firstValue("Location").orElseThrow();
      assertThat(
              client
                  .send(
                      HttpRequest.newBuilder(URI.create(up.gateway() + note))
                          .header("Freshet-Session", token)
                          .build(),
                      HttpResponse.BodyHandlers.ofString())
                  .body())
          .contains("\"text\":\"Hello\"");
      Path wrong = Path.of(made, "commands/wrong.sql");
      Files.writeString(wrong, "/* request: POST /wrong */ select 1 as a from nowhere");
      awaitStatus(up, "command-refused", "wrong.sql of write-1", "relation \\\"nowhere\\\"");
      Files.delete(wrong);
      awaitStatus(up, "\"ok\":true");
      try (Connection primary = up.primary();
          Statement statement = primary.createStatement()) {
        statement.execute("alter table note rename to noted");
        assertThat(add(up).statusCode()).isEqualTo(503);
        awaitStatus(up, "command-not-ready", "add-note.sql of write-1");
        statement.execute("alter table noted rename to note");
      }
      awaitStatus(up, "\"ok\":true");
    }
  }

  private static String get(String url) throws Exception {
    return client
        .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
        .body();
  }

  private static void awaitStatus(UpProcess up, String... parts) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(get(up.operators() + "/api/status")).contains(parts));
  }

  private static final HttpClient client = HttpClient.newHttpClient();

  private static UpProcess up(String config) {
    UpProcess up =
        UpProcess.start(folder.resolve("data"), 23_000, "--config", config, "--replicas", "0");
    up.awaitReady();
    return up;
  }

  private static HttpResponse<String> add(UpProcess up) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(up.gateway() + "/notes"))
            .POST(HttpRequest.BodyPublishers.ofString("{\"text\":\"Hello\"}"))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
