package dev.freshet.gateway.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.freshet.gateway.report.Flow.Edge;
import dev.freshet.gateway.report.Flow.Health;
import dev.freshet.gateway.report.Flow.Node;
import dev.freshet.gateway.report.StatusReport.Status;
import dev.freshet.gateway.report.Traffic.Rate;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class FlowReportTest {

  private final AtomicLong nanos = new AtomicLong();
  private final FlowReport report = new FlowReport(nanos::get);

  private static InstanceStatus instance(
      String id, String kind, String state, @Nullable Double lag, boolean paused) {
    return new InstanceStatus(
        id, kind, state, "", "2026-01-01T00:00:00Z", "1:0/100", lag, 0L, 0, null, paused);
  }

  private static JsonNode sync(String name, String state, double lag, int changes) {
    return JsonMapper.shared()
        .readTree(
            """
            {"readDatabase":"%s","state":"%s","lagSeconds":%s,"lagBytes":7,"position":"1:0/100","changes":%d,"slotRetainedBytes":5}"""
                .formatted(name, state, lag, changes));
  }

  private Flow drawn(List<InstanceStatus> instances, JsonNode... syncs) {
    return drawn(List.of(), instances, syncs);
  }

  private Flow drawn(List<JsonNode> publishers, List<InstanceStatus> instances, JsonNode... syncs) {
    return drawn(publishers, List.of(), instances, syncs);
  }

  private Flow drawn(
      List<JsonNode> publishers,
      List<JsonNode> stores,
      List<InstanceStatus> instances,
      JsonNode... syncs) {
    Traffic nothing =
        new Traffic(
            10,
            Rate.UNKNOWN,
            Rate.UNKNOWN,
            List.of(),
            List.of(),
            Rate.UNKNOWN,
            Rate.UNKNOWN,
            null,
            null,
            List.of(),
            List.of());
    Status status =
        new Status(
            Verdict.of(List.of(), ""),
            1,
            "1:0/200",
            instances,
            List.of(syncs),
            publishers,
            List.of(),
            stores,
            List.of());
    return report.of(new FlowReport.Moment(status, nothing, Set.of("write-1")));
  }

  private static Health edge(Flow flow, String to) {
    return flow.edges().stream()
        .filter(edge -> edge.to().equals(to))
        .map(Edge::health)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void copyIsFineBehindOrStuckByItsLagAndWhetherItMoves() {
    assertThat(edge(drawn(List.of(instance("r", "replica", "ready", 0.5, false))), "r"))
        .isEqualTo(Health.FINE);
    List<InstanceStatus> late = List.of(instance("r", "replica", "ready", 3.0, false));
    assertThat(edge(drawn(late), "r")).isEqualTo(Health.BEHIND);
    nanos.addAndGet(Duration.ofSeconds(3).toNanos());
    assertThat(edge(drawn(late), "r")).as("at the same position").isEqualTo(Health.STUCK);
    assertThat(edge(drawn(List.of(instance("r", "replica", "ready", 0.0, true))), "r"))
        .as("paused")
        .isEqualTo(Health.STUCK);
    assertThat(edge(drawn(List.of(instance("r", "replica", "ready", null, false))), "r"))
        .isEqualTo(Health.UNKNOWN);
    assertThat(edge(drawn(List.of(instance("r", "replica", "drained", 9.0, true))), "r"))
        .isEqualTo(Health.OUT);
    assertThat(edge(drawn(List.of(instance("r", "replica", "down", null, false))), "r"))
        .isEqualTo(Health.DOWN);
  }

  @Test
  void ofSeveralSyncsOfAReadDatabaseTheOneThatLeadsIsDrawn() {
    List<InstanceStatus> copies = List.of(instance("reads", "read-database", "ready", 0.0, false));
    Flow flow = drawn(copies, sync("reads", "standby", 99, 0), sync("reads", "streaming", 0.1, 40));
    assertThat(flow.nodes()).extracting(Node::id).doesNotHaveDuplicates().contains("reads");
    assertThat(edge(flow, "sync of reads")).isEqualTo(Health.FINE);
    nanos.addAndGet(Duration.ofSeconds(2).toNanos());
    Flow later =
        drawn(copies, sync("reads", "standby", 99, 0), sync("reads", "streaming", 0.1, 60));
    assertThat(later.edges())
        .filteredOn(edge -> edge.to().equals("sync of reads"))
        .singleElement()
        .satisfies(edge -> assertThat(edge.perSecond()).isEqualTo(10.0));
  }

  private static JsonNode store(String name, String state) {
    return JsonMapper.shared()
        .readTree(
            """
            {"store":"%s","readDatabase":"reads","state":"%s","lagSeconds":0.2,"models":[]}"""
                .formatted(name, state));
  }

  @Test
  void searchCopyIsDrawnBehindItsFollowerAndThatBehindTheReadDatabase() {
    List<InstanceStatus> copies =
        List.of(
            instance("reads", "read-database", "ready", 0.0, false),
            instance("search-1", "search", "ready", 0.3, false));
    Flow flow =
        drawn(
            List.of(), List.of(store("s", "following")), copies, sync("reads", "streaming", 0, 0));
    assertThat(flow.edges())
        .filteredOn(edge -> !edge.unit().equals("reads"))
        .extracting(Edge::from, Edge::to, Edge::health)
        .contains(
            tuple("reads", "follower of s (reads)", Health.FINE),
            tuple("follower of s (reads)", "search-1", Health.FINE));
    Flow silent =
        drawn(List.of(), List.of(store("s", "silent")), copies, sync("reads", "streaming", 0, 0));
    assertThat(edge(silent, "follower of s (reads)")).isEqualTo(Health.DOWN);
    Flow two = drawn(List.of(), List.of(store("s", "following"), store("t", "following")), copies);
    assertThat(two.edges())
        .extracting(Edge::from, Edge::to)
        .as("whose copy it is is not known")
        .contains(tuple("primary", "search-1"));
  }

  @Test
  void whatIsNotKnownYetIsNotNought() {
    Flow flow = drawn(List.of(instance("write-1", "primary", "ready", 0.0, false)));
    assertThat(flow.edges())
        .filteredOn(edge -> edge.to().equals("write-1"))
        .singleElement()
        .satisfies(edge -> assertThat(edge.perSecond()).isNull());
  }

  @Test
  void readDatabaseWithoutASyncIsDrawnAllTheSame() {
    Flow flow = drawn(List.of(instance("reads", "read-database", "ready", 0.2, false)));
    assertThat(edge(flow, "reads")).isEqualTo(Health.FINE);
  }

  private static JsonNode publisher(String state) {
    return JsonMapper.shared()
        .readTree(
            """
            {"log":"kafka://b:1/shop","state":"%s","lagSeconds":0.1,"changes":5,"slotRetainedBytes":9}"""
                .formatted(state));
  }

  @Test
  void severalReadDatabasesFollowOneLog() {
    List<InstanceStatus> copies =
        List.of(
            instance("a", "read-database", "ready", 0.0, false),
            instance("b", "read-database", "ready", 0.0, false));
    JsonNode[] syncs = new JsonNode[2];
    for (int i = 0; i < 2; i++) {
      ObjectNode sync = (ObjectNode) sync(i == 0 ? "a" : "b", "streaming", 0.1, 5);
      syncs[i] = sync.put("log", "kafka://b:1/shop");
    }
    Flow flow = drawn(List.of(publisher("standby"), publisher("streaming")), copies, syncs);
    assertThat(flow.nodes())
        .extracting(Node::id)
        .doesNotHaveDuplicates()
        .contains("publisher of kafka://b:1/shop", "kafka://b:1/shop", "sync of a", "sync of b")
        .noneMatch(id -> id.startsWith("slot"));
    assertThat(flow.edges())
        .filteredOn(edge -> edge.from().equals("kafka://b:1/shop"))
        .extracting(Edge::to)
        .containsExactly("sync of a", "sync of b");
    assertThat(edge(flow, "kafka://b:1/shop")).isEqualTo(Health.FINE);
    assertThat(edge(drawn(List.of(publisher("retrying")), copies, syncs), "kafka://b:1/shop"))
        .isEqualTo(Health.DOWN);
    assertThat(edge(drawn(copies, syncs), "kafka://b:1/shop"))
        .as("nobody tells of it")
        .isEqualTo(Health.UNKNOWN);
  }
}
