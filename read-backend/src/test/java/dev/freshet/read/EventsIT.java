package dev.freshet.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** What subscribers are told. The log is written here as the sync writes it. */
class EventsIT {

  /** Nothing that is waited for takes as long. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir static Path folder;

  private static final HttpClient client = HttpClient.newHttpClient();
  private static Cluster cluster;
  private static ConfigurableApplicationContext backend;

  @BeforeAll
  static void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder, 0, 0, 17_480, false));
    backend = TestBackend.start(cluster.primary(), "read-database", Map.of());
  }

  @AfterAll
  static void stop() {
    backend.close();
    cluster.close();
  }

  @BeforeEach
  void makeLog() throws Exception {
    execute(
        """
        drop schema if exists freshet cascade;
        drop table if exists event, other;
        create schema freshet;
        create table freshet.position (system_identifier text default '17', lsn pg_lsn, timeline int, state text,
          applied_at timestamptz default now(), committed_at timestamptz default now(), history text);
        insert into freshet.position (lsn, timeline, state, history) values ('0/1000', 1, 'streaming', '');
        create table freshet.event_table (id int, table_schema text, table_name text, timeline int, lsn pg_lsn);
        create table freshet.event_log (lsn pg_lsn, ordinal bigint, relation int, timeline int, stream text,
          version bigint, type text, primary key (lsn, ordinal, relation));
        create table event (stream text, version bigint, type text, data jsonb, meta jsonb, at timestamptz default now(),
          primary key (stream, version));
        create table other (like event including all);
        insert into freshet.event_table values (1, 'public', 'event', 1, '0/11');
        """);
  }

  private static void execute(String sql) throws SQLException {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Commits events, each as stream, version and type, as one transaction at a place. */
  private static void commit(String lsn, String... events) throws SQLException {
    StringBuilder sql = new StringBuilder("begin;");
    for (int i = 0; i < events.length; i++) {
      String[] event = events[i].split(" ", -1);
      sql.append(
          """
          insert into event values ('%1$s', %2$s, '%3$s', '{"of": "%1$s"}', null);
          insert into freshet.event_log values ('%4$s', %5$d, 1, 1, '%1$s', %2$s, '%3$s');
          """
              .formatted(event[0], event[1], event[2], lsn, i + 1));
    }
    execute(
        sql
            + "update freshet.position set lsn = greatest(lsn, '%s'); notify freshet_events; commit"
                .formatted(lsn));
  }

  /** A subscriber's connection. */
  private static final class Told implements AutoCloseable {

    private final HttpResponse<InputStream> answer;
    private final BufferedReader lines;

    Told(String query, String... headers) throws Exception {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(TestBackend.uri(backend, "/.freshet/events" + query));
      if (headers.length > 0) {
        request.headers(headers);
      }
      answer = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      lines = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
    }

    String refusal() throws Exception {
      return answer.statusCode() + " " + lines.readAllAsString();
    }

    /** The next message: its id in brackets, and stream, version and type where it has data. */
    String next() throws Exception {
      String id = "";
      String event = "";
      while (true) {
        String line = lines.readLine();
        if (line == null) {
          return "the end";
        }
        if (line.startsWith("id: ")) {
          id = "[" + line.substring(4) + "]";
        } else if (line.startsWith("data: ")) {
          event =
              line.replaceFirst(
                  ".*\"stream\" : \"(.*?)\", \"version\" : (\\d+), \"type\" : \"(.*?)\".*",
                  "$1 $2 $3");
        } else if (line.isEmpty() && !(id + event).isEmpty()) {
          return (event + " " + id).strip();
        }
      }
    }

    List<String> next(int messages) throws Exception {
      List<String> all = new ArrayList<>();
      for (int i = 0; i < messages; i++) {
        all.add(next());
      }
      return all;
    }

    @Override
    public void close() throws IOException {
      answer.body().close();
    }
  }

  @Test
  void tellsWholeTransactionsInTheOrderOfTheirCommits() throws Exception {
    commit("0/30", "b 1 Made", "b 2 Moved");
    commit("0/20", "a 1 Made");
    try (Told told = new Told("")) {
      assertThat(told.answer.headers().firstValue("Content-Type")).contains("text/event-stream");
      assertThat(told.answer.headers().firstValue("Cache-Control")).contains("no-store");
      assertThat(told.next(3))
          .containsExactly("a 1 Made [1:0/20]", "b 1 Made", "b 2 Moved [1:0/30]");
      commit("0/2000", "a 2 Moved");
      assertThat(told.next(2)).contains("a 2 Moved [1:0/2000]");
    }
    try (Told told = new Told("?after=1:0/20")) {
      assertThat(told.next(2)).containsExactly("b 1 Made", "b 2 Moved [1:0/30]");
    }
    // What a client says in the header is later than what stands in its URL.
    try (Told told = new Told("?after=1:0/20", "Last-Event-ID", "1:0/30")) {
      assertThat(told.next()).isEqualTo("a 2 Moved [1:0/2000]");
    }
  }

  @Test
  void eventIsAsItsTableHasIt() throws Exception {
    execute(
        """
        insert into event values ('s', 1, 'T', '{"n": 1.50, "text": "line\\nbreak"}', '{"command": "c"}', '2026-01-02 03:04:05.678901+00');
        insert into freshet.event_log values ('0/20', 1, 1, 1, 's', 1, 'T');
        """);
    try (Told told = new Told("")) {
      String line = told.lines.readLine();
      while (!line.startsWith("data")) {
        line = told.lines.readLine();
      }
      assertThat(line)
          .isEqualTo(
              "data: {\"position\" : \"1:0/20\", \"table\" : \"public.event\", \"stream\" : \"s\", \"version\" : 1, \"type\" : \"T\", \"data\" : {\"n\": 1.50, \"text\": \"line\\nbreak\"}, \"meta\" : {\"command\": \"c\"}, \"at\" : \"2026-01-02T03:04:05.678901+00:00\"}");
    }
  }

  @Test
  void newEventsWakeSubscribersUp() throws Exception {
    try (Told told = new Told("?after=now")) {
      assertThat(told.next()).isEqualTo("[1:0/1000]");
      for (int i = 1; i <= 20; i++) {
        long begun = System.nanoTime();
        commit("0/" + (1000 + i), "a " + i + " Made");
        String message = told.next();
        while (message.startsWith("[")) {
          message = told.next();
        }
        assertThat(message).isEqualTo("a %d Made [1:0/%d]".formatted(i, 1000 + i));
        // A heartbeat would find it, too: after 15 seconds.
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
      }
    }
    await().atMost(PATIENCE).until(() -> listeners() == 0);
  }

  private static long listeners() throws SQLException {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select count(*) from pg_stat_activity where application_name like '%-events'")) {
      row.next();
      return row.getLong(1);
    }
  }

  @Test
  void typesAreChosenAndThePlaceMovesOnWithoutThem() throws Exception {
    commit("0/20", "a 1 Made", "a 2 Sent", "a 3 Moved");
    commit("0/30", "b 1 Made");
    commit("0/40", "c 1 Moved", "c 2 Made");
    try (Told told = new Told("?types=Sent,Moved")) {
      assertThat(told.next(3))
          .containsExactly("a 2 Sent", "a 3 Moved [1:0/20]", "c 1 Moved [1:0/40]");
    }
    try (Told told = new Told("?types=None")) {
      assertThat(told.next()).isEqualTo("[1:0/1000]");
    }
  }

  /** Longer than a page, and its last events of a type that is not wanted. */
  @Test
  void transactionsOverSeveralPagesEndWithTheirPlace() throws Exception {
    execute(
        """
        insert into event select 's', n, case when n <= 1500 then 'Wanted' else 'Not' end, '{}', null from generate_series(1, 2500) n;
        insert into freshet.event_log select '0/50', n, 1, 1, stream, version, type from event, lateral (select version) v(n);
        """);
    commit("0/60", "t 1 Wanted");
    try (Told told = new Told("?types=Wanted")) {
      for (int i = 1; i <= 1500; i++) {
        assertThat(told.next()).isEqualTo("s " + i + " Wanted");
      }
      assertThat(told.next(2)).containsExactly("[1:0/50]", "t 1 Wanted [1:0/60]");
    }
    try (Told told = new Told("")) {
      for (int i = 1; i < 2500; i++) {
        assertThat(told.next()).doesNotContain("[");
      }
      assertThat(told.next(2)).containsExactly("s 2500 Not [1:0/50]", "t 1 Wanted [1:0/60]");
    }
  }

  /** Else it would be told too late, to nobody. */
  @Test
  void nothingIsToldBeyondAnEventThatWasRefusedHere() throws Exception {
    commit("0/20", "a 1 Made");
    commit("0/30", "a 2 Made", "b 1 Made");
    commit("0/40", "c 1 Made");
    execute("delete from event where stream = 'b'");
    try (Told told = new Told("")) {
      assertThat(told.next()).isEqualTo("a 1 Made [1:0/20]");
      execute(
          "begin; insert into event values ('b', 1, 'Made', '{}', null); notify freshet_events; commit");
      assertThat(told.next(3))
          .containsExactly("a 2 Made", "b 1 Made [1:0/30]", "c 1 Made [1:0/40]");
    }
  }

  @Test
  void placesThatNothingIsKnownAfterAreGone() throws Exception {
    execute("update freshet.position set timeline = 3, history = '1:0/500,2:0/700'");
    commit("0/300", "a 1 Made");
    commit("0/600", "a 2 Made");
    commit("0/800", "a 3 Made");
    for (Map.Entry<String, String> gone :
        Map.of(
                "1:0/10", "The events of public.event are known here from 1:0/11 on",
                "1:0/501", "A failover lost what was at 1:0/501; timeline 1 ended at 0/500",
                "2:0/701", "A failover lost what was at 2:0/701; timeline 2 ended at 0/700")
            .entrySet()) {
      try (Told told = new Told("?after=" + gone.getKey())) {
        assertThat(told.refusal())
            .startsWith("410")
            .contains(gone.getValue())
            .contains("\"code\":\"gone\"");
      }
    }
    try (Told told = new Told("?after=1:0/500")) {
      assertThat(told.next()).isEqualTo("a 2 Made [1:0/600]");
    }
    try (Told told = new Told("?after=2:0/700")) {
      assertThat(told.next()).isEqualTo("a 3 Made [1:0/800]");
    }
  }

  @Test
  void copyThatIsBehindWaitsForTheSubscribersPlace() throws Exception {
    commit("0/20", "a 1 Made");
    try (Told told = new Told("?after=2:0/1100")) {
      commit("0/1050", "a 2 Made");
      execute("update freshet.position set timeline = 2, history = '1:0/1060'");
      commit("0/1200", "a 3 Made");
      assertThat(told.next()).isEqualTo("a 3 Made [1:0/1200]");
    }
  }

  /** It may turn out that the place was lost. */
  @Test
  void copyThatIsBehindOnTheSameTimelineWaits() throws Exception {
    commit("0/20", "a 1 Made");
    try (Told told = new Told("?after=1:0/1100")) {
      commit("0/1050", "a 2 Made");
      execute(
          "begin; update freshet.position set timeline = 2, lsn = '0/1200', history = '1:0/1060'; notify freshet_events; commit");
      String message = told.next();
      assertThat(message).isEqualTo("the end");
    }
    try (Told told = new Told("?after=1:0/1100")) {
      assertThat(told.refusal()).startsWith("410").contains("A failover lost");
    }
  }

  @Test
  void nobodyIsToldAnythingWhileATableIsCopiedAgain() throws Exception {
    commit("0/20", "a 1 Made");
    try (Told told = new Told("")) {
      assertThat(told.next()).isEqualTo("a 1 Made [1:0/20]");
      execute(
          "begin; update freshet.event_table set timeline = null, lsn = null; notify freshet_events; commit");
      String message = told.next();
      while (message.startsWith("[")) {
        message = told.next();
      }
      assertThat(message).isEqualTo("the end");
    }
    try (Told told = new Told("?after=1:0/20")) {
      assertThat(told.refusal()).startsWith("503").contains("not-caught-up");
    }
  }

  @Test
  void subscribersAskAnewWhenTablesAreOthers() throws Exception {
    commit("0/20", "a 1 Made");
    try (Told told = new Told("")) {
      assertThat(told.next()).isEqualTo("a 1 Made [1:0/20]");
      execute(
          """
          begin; insert into freshet.event_table values (2, 'public', 'other', 1, '0/1001');
          insert into other values ('o', 1, 'Made', '{}', null);
          insert into freshet.event_log values ('0/1001', 1, 2, 1, 'o', 1, 'Made'); notify freshet_events; commit
          """);
      String message = told.next();
      while (message.startsWith("[")) {
        message = told.next();
      }
      assertThat(message).isEqualTo("the end");
    }
    try (Told told = new Told("?after=1:0/20")) {
      assertThat(told.refusal()).startsWith("410").contains("public.other");
    }
    try (Told told = new Told("")) {
      assertThat(told.next(2)).containsExactly("a 1 Made [1:0/20]", "o 1 Made [1:0/1001]");
    }
    try (Told told = new Told("?after=now")) {
      assertThat(told.next()).isEqualTo("[1:0/1001]");
    }
  }

  @Test
  void saysWhyThereAreNone() throws Exception {
    try (Told told = new Told("?after=yesterday")) {
      assertThat(told.refusal()).startsWith("400").contains("'yesterday'");
    }
    execute("update freshet.position set state = 'snapshot'");
    try (Told told = new Told("")) {
      assertThat(told.refusal()).startsWith("503").contains("not-caught-up");
    }
    execute("update freshet.position set state = 'streaming'; delete from freshet.event_table");
    try (Told told = new Told("")) {
      assertThat(told.refusal()).startsWith("404").contains("(stream, version)");
    }
  }

  @Test
  void subscribersAreCountedAndEndWithTheBackend() throws Exception {
    commit("0/20", "a 1 Made");
    ConfigurableApplicationContext leaving =
        TestBackend.start(cluster.primary(), "read-database", Map.of());
    List<HttpResponse<InputStream>> all = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      all.add(follow(leaving));
      assertThat(all.getLast().statusCode()).isEqualTo(200);
      // It counts once its answer begins.
      assertThat(all.getLast().body().read()).isEqualTo('r');
    }
    assertThat(follow(leaving).statusCode()).isEqualTo(429);
    all.getFirst().body().close();
    await().atMost(PATIENCE).until(() -> follow(leaving).statusCode() == 200);
    long begun = System.nanoTime();
    leaving.close();
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
    try (InputStream last = all.getLast().body()) {
      assertThat(new String(last.readAllBytes(), StandardCharsets.UTF_8)).contains("\"a\"");
    }
  }

  private static HttpResponse<InputStream> follow(ConfigurableApplicationContext of)
      throws Exception {
    return client.send(
        HttpRequest.newBuilder(TestBackend.uri(of, "/.freshet/events")).build(),
        HttpResponse.BodyHandlers.ofInputStream());
  }

  @Test
  void otherKindsOfSourcesHaveNone() throws Exception {
    try (ConfigurableApplicationContext primary =
        TestBackend.start(cluster.primary(), "primary", Map.of())) {
      HttpResponse<InputStream> answer = follow(primary);
      assertThat(answer.statusCode()).isEqualTo(404);
      assertThat(new String(answer.body().readAllBytes(), StandardCharsets.UTF_8))
          .contains("this one reads a primary");
    }
  }
}
