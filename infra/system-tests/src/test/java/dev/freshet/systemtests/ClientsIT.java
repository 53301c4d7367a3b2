package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.bench.UpProcess;
import dev.freshet.bench.process.ProjectHome;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that know nothing of Freshet read through the gateway. */
class ClientsIT {

  private static final int PASSED = 60;

  private static final String ROUTES =
      """
      version: 1
      openapi: { path: /openapi.json }
      routes:
        - { id: items, path: /items/**, read: { pool: readers } }
        - { id: none, path: /nothing_here, read: { pool: readers } }
        - { id: notes, path: /notes/**, write: { pool: writers } }
        - { id: page, path: /openapi.html, read: { pool: readers } }
        - { id: files, path: /openapi.files/**, read: { pool: readers } }
      """;

  private static final String AWAY =
      """
        - { id: away, path: /away/**, read: { pool: away } }
      pools:
        away: { instances: [ { id: away-1, url: "http://127.0.0.1:24199", kind: replica } ] }
      """;

  @TempDir static Path folder;

  private static UpProcess up;

  @BeforeAll
  static void start() throws Exception {
    up =
        UpProcess.start(
            folder.resolve("data"), 24_000, "--config", config().toString(), "--replicas", "1");
    up.awaitReady();
    // A start waits for all that it routes to; this is for what is away later.
    Files.writeString(folder.resolve("config/routes.yaml"), ROUTES + AWAY);
    awaitStatus(up.gateway() + "/away", 503);
  }

  @AfterAll
  static void stop() {
    up.close();
  }

  /** The client library of Supabase, unmodified. */
  @Test
  void everythingThatPostgrestJsCanAskForIsAnswered() throws Exception {
    Path suite = suite("postgrest-js");
    assertThat(run(suite, "node", "suite.mjs", up.gateway())).contains(PASSED + " passed");
  }

  /** A public linter finds nothing wrong, and a public generator's client compiles and reads. */
  @Test
  void clientThatIsGeneratedFromTheOpenApiDocumentReads() throws Exception {
    Path suite = suite("openapi");
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<Path> document =
          client.send(
              HttpRequest.newBuilder(URI.create(up.gateway() + "/openapi.json")).build(),
              HttpResponse.BodyHandlers.ofFile(suite.resolve("openapi.json")));
      assertThat(document.statusCode()).isEqualTo(200);
    }
    run(suite, "npm", "run", "lint");
    run(suite, "npm", "run", "generate");
    run(suite, "npm", "run", "compile");
    assertThat(run(suite, "npm", "run", "read", "--", up.gateway())).endsWith("read\n");
  }

  /** A copy of a suite, with the packages that it names. */
  private static Path suite(String name) throws IOException, InterruptedException {
    Path copy = Files.createDirectories(folder.resolve(name));
    try (Stream<Path> files = Files.list(ProjectHome.path().resolve("clients").resolve(name))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    run(copy, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error");
    return copy;
  }

  private static Path config() throws IOException {
    Path config = folder.resolve("config");
    Files.createDirectories(config.resolve("models"));
    Files.createDirectories(config.resolve("schema"));
    Files.writeString(
        config.resolve("schema/V001__items.sql"),
        """
        create table note (id bigint primary key generated always as identity, text text, labels text[], version bigint default 1);
        create table item (id int primary key, name text, price numeric(10,2), tags text[], data jsonb, during int4range, note text);
        insert into item values
          (1, 'alpha', 1.50, '{red}', '{"kind": "a", "size": 5}', '[1,5)', 'The quick brown fox'),
          (2, 'beta', 2.00, '{red,blue}', '{"kind": "b", "size": 20}', '[2,8)', 'A lazy dog'),
          (3, 'gamma', 3.00, '{green}', '{"kind": "c", "size": 30}', '[10,20)', null),
          (4, 'delta, and more', 4.00, '{black}', '{"kind": "d"}', '[30,40)', 'Nothing'),
          (5, null, 5.00, '{}', null, null, null);
        """);
    Files.writeString(
        config.resolve("models/items.sql"),
        "/* { key: id, aggregates: true } */ select id, name, price, tags, data, during, note from item");
    Files.createDirectories(config.resolve("commands"));
    Files.writeString(
        config.resolve("commands/add-note.sql"),
        """
        /*
        request: POST /notes
        body:
          required: [text]
          properties: { text: { $ref: "#/$defs/short" }, labels: { type: array, items: { $ref: "#/$defs/short" } } }
          $defs: { short: { type: string, minLength: 1, maxLength: 100 } }
        types: { labels: "text[]" }
        problems: { too-loud: 409 }
        answer: 201 /notes/{id}
        */
        select 'too-loud' as refused where :text = upper(:text);
        insert into note (text, labels) values (:text, :labels) returning id, text, labels, version
        """);
    Files.writeString(
        config.resolve("commands/change-note.sql"),
        """
        /*
        request: PUT /notes/{id}
        path: { id: bigint }
        query: { dry: boolean }
        body: { properties: { text: { type: string } } }
        scopes: [notes:write]
        state: select version from note where id = :id for update
        if-match: required
        */
        update note set text = :text, version = version + 1 where id = :id and not coalesce(:dry, false) returning id, version
        """);
    Files.writeString(config.resolve("routes.yaml"), ROUTES);
    return config;
  }

  private static void awaitStatus(String url, int status) {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      await()
          .until(
              () ->
                  client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode()
                      == status);
    }
  }

  private static String run(Path folder, String... command)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, "run", ".out");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .start();
    boolean hasEnded = process.waitFor(3, TimeUnit.MINUTES);
    process.destroyForcibly();
    String printed = Files.readString(output, StandardCharsets.UTF_8);
    assertThat(hasEnded).as(printed).isTrue();
    assertThat(process.exitValue()).as(printed).isZero();
    return printed;
  }
}
