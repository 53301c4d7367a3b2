package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.ok;
import static com.github.tomakehurst.wiremock.client.WireMock.status;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.tomakehurst.wiremock.WireMockServer;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** Events are asked for at read databases alone, by a path of their own. */
class EventRoutesIT {

  private static final String EVENTS = "/.freshet/events";

  @TempDir Path folder;

  private final WireMockServer first = TestServers.answering("first");
  private final WireMockServer second = TestServers.answering("second");
  private final WireMockServer replica = TestServers.answering("replica");
  private ConfigurableApplicationContext gateway;

  @BeforeEach
  void start() throws Exception {
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - { id: events, path: /feed, read: { pool: readers, events: true }, access: public }
          - { id: all, path: /**, read: { pool: readers } }
        pools:
          readers:
            instances:
              - { id: replica, url: "%s", kind: replica }
              - { id: first, url: "%s", kind: read-database }
              - { id: second, url: "%s", kind: read-database }
        """
            .formatted(replica.baseUrl(), first.baseUrl(), second.baseUrl()));
    gateway = TestGateway.start(folder, Map.of("data", folder.toString()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    first.stop();
    second.stop();
    replica.stop();
  }

  private static void tells(WireMockServer server, int status, String body) {
    server.stubFor(
        get(urlPathEqualTo(EVENTS))
            .willReturn(
                status(status).withHeader("Content-Type", "text/event-stream").withBody(body)));
  }

  private HttpResponse<String> follow(String query) throws Exception {
    return TestGateway.send(gateway, "GET", "/feed" + query, "");
  }

  @Test
  void queryIsHandedOnToTheEventsOfAReadDatabase() throws Exception {
    for (WireMockServer server : new WireMockServer[] {first, second}) {
      tells(server, 404, "");
      server.stubFor(
          get(urlEqualTo(EVENTS + "?after=1:0/20&types=A%2CB")).willReturn(ok("data: 1\n\n")));
    }
    for (int i = 0; i < 10; i++) {
      HttpResponse<String> answer = follow("?after=1:0/20&types=A%2CB");
      assertThat(answer.body()).isEqualTo("data: 1\n\n");
      assertThat(answer.headers().firstValue("Freshet-Source").orElseThrow())
          .contains("kind=read-database");
    }
    // What is asked for at the events' own path stays inside.
    assertThat(TestGateway.send(gateway, "GET", EVENTS, "").statusCode()).isEqualTo(404);
  }

  @Test
  void copyWhoseEventsBeginTooLateIsNotTheLastWord() throws Exception {
    tells(first, 410, "gone");
    tells(second, 200, "data: 1\n\n");
    for (int i = 0; i < 10; i++) {
      assertThat(follow("?after=1:0/20").statusCode()).isEqualTo(200);
    }
    for (int status : new int[] {404, 429}) {
      tells(first, status, "no");
      for (int i = 0; i < 5; i++) {
        assertThat(follow("?after=1:0/20").statusCode()).isEqualTo(200);
      }
    }
    tells(first, 410, "gone");
    tells(second, 410, "gone");
    assertThat(follow("?after=1:0/20").statusCode()).isEqualTo(410);
  }

  @Test
  void replicasAreNotAskedWhereNoReadDatabaseAnswers() throws Exception {
    first.stubFor(any(anyUrl()).willReturn(status(503)));
    second.stubFor(any(anyUrl()).willReturn(status(503)));
    assertThat(follow("").statusCode()).isEqualTo(503);
    assertThat(follow("").body()).doesNotContain("replica");
    assertThat(
            replica
                .countRequestsMatching(getRequestedFor(urlPathEqualTo(EVENTS)).build())
                .getCount())
        .isZero();
  }
}
