package dev.freshet.sync.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.search.SearchAddress;
import dev.freshet.search.SearchClient;
import dev.freshet.searchnode.SearchNode;
import dev.freshet.sync.delta.ModelDelta;
import dev.freshet.sync.delta.ModelDeltas;
import dev.freshet.sync.delta.ModelShape;
import dev.freshet.sync.delta.ModelSink;
import dev.freshet.sync.search.Rejections;
import dev.freshet.sync.search.SearchSink;
import dev.freshet.sync.search.SinkFailed;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rows in a real OpenSearch keep what a sink promises. */
class SearchSinkIT {

  private static final int PORT = 23_890 + 1_000 * Integer.getInteger("freshet.test.fork", 1);

  @TempDir static Path folder;

  private static SearchNode node;

  @BeforeAll
  static void start() {
    node = SearchNode.start(folder.resolve("search"), PORT);
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @BeforeEach
  void empty() throws Exception {
    try (SearchClient client = SearchClient.open(SearchAddress.parse(node.url()))) {
      client.send("DELETE", "/freshet.*", null);
    }
  }

  private static SearchSink sink() {
    return sink(
        (model, key, reason) -> {
          throw new AssertionError("%s %s was rejected: %s".formatted(model, key, reason));
        });
  }

  private static SearchSink sink(Rejections rejections) {
    return new SearchSink(
        SearchClient.open(SearchAddress.parse(node.url())), rejections, 0, Clock.systemUTC());
  }

  @ParameterizedTest
  @EnumSource
  void promiseIsKept(SinkLaws law) throws Exception {
    try (ModelSink sink = sink()) {
      law.hold(sink);
    }
  }

  @Test
  void whatWasKilledIsTakenUpWhereItWas() {
    try (SearchSink sink = sink()) {
      sink.begin(SinkLaws.at(1));
      try (ModelSink.Rebuild rebuild = sink.rebuild(SinkLaws.shape("Orders"))) {
        rebuild.add(List.of(List.of("a", "1")));
        assertThat(rebuild.serve(SinkLaws.at(1))).isTrue();
      }
      sink.apply(rows(2, "b", "2"));
    }
    node.kill();
    node.startAgain();
    node.awaitReady();
    try (SearchSink sink = sink()) {
      assertThat(sink.place()).contains(SinkLaws.at(2));
      sink.apply(rows(3, "c", "3"));
      assertThat(sink.rows("Orders").orElseThrow())
          .containsExactlyInAnyOrder(List.of("a", "1"), List.of("b", "2"), List.of("c", "3"));
    }
  }

  @Test
  void sinkThatAnotherOneHasTakenOverFromMovesThePlaceNoMore() {
    try (SearchSink late = sink();
        SearchSink current = sink()) {
      late.begin(SinkLaws.at(1));
      try (ModelSink.Rebuild rebuild = late.rebuild(SinkLaws.shape("Orders"))) {
        assertThat(rebuild.serve(SinkLaws.at(1))).isTrue();
      }
      assertThat(current.place()).contains(SinkLaws.at(1));
      current.apply(rows(2, "a", "2"));
      assertThatThrownBy(() -> late.apply(rows(3, "a", "3")))
          .isInstanceOf(SinkFailed.class)
          .hasMessageContaining("Somebody else has written to the store");
      try (SearchSink next = sink()) {
        assertThat(next.place()).contains(SinkLaws.at(2));
      }
    }
  }

  @Test
  void modelThatLacksARowIsNotServedAndOthersAre() {
    List<String> rejected = new ArrayList<>();
    ModelShape numbers =
        new ModelShape("numbers", List.of("id", "n"), List.of("text", "bigint"), List.of("id"));
    try (SearchSink sink =
        sink((model, key, reason) -> rejected.add("%s %s: %s".formatted(model, key, reason)))) {
      sink.begin(SinkLaws.at(1));
      for (ModelShape shape : List.of(numbers, SinkLaws.shape("Orders"))) {
        try (ModelSink.Rebuild rebuild = sink.rebuild(shape)) {
          rebuild.add(List.of(List.of("a", "1")));
          assertThat(rebuild.serve(SinkLaws.at(1))).isTrue();
        }
      }
      sink.apply(
          new ModelDeltas(
              SinkLaws.at(2),
              List.of(
                  new ModelDelta.Rows(
                      numbers, Set.of(), Map.of(List.of("b"), List.of("b", "no number"))),
                  rows(2, "b", "2").models().getFirst())));
      assertThat(rejected).hasSize(1).first().asString().startsWith("numbers [b]: ");
      assertThat(sink.rows("numbers")).isEmpty();
      assertThat(sink.rows("Orders").orElseThrow()).hasSize(2);
      assertThat(sink.place()).contains(SinkLaws.at(2));
      try (ModelSink.Rebuild rebuild = sink.rebuild(numbers)) {
        assertThatThrownBy(() -> rebuild.add(List.of(List.of("b", "no number"))))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("refuses a row of model numbers");
      }
    }
  }

  @Test
  void storeThatIsReadOnlyTakesTheSameLater() throws Exception {
    try (SearchSink sink = sink();
        SearchClient client = SearchClient.open(SearchAddress.parse(node.url()))) {
      sink.begin(SinkLaws.at(1));
      try (ModelSink.Rebuild rebuild = sink.rebuild(SinkLaws.shape("Orders"))) {
        assertThat(rebuild.serve(SinkLaws.at(1))).isTrue();
      }
      client.send("PUT", "/freshet.model.*/_settings", "{\"index.blocks.write\":true}");
      assertThatThrownBy(() -> sink.apply(rows(2, "a", "2")))
          .isInstanceOfSatisfying(
              SinkFailed.class, failed -> assertThat(failed.failure().isPassing()).isTrue());
      assertThat(sink.place()).contains(SinkLaws.at(1));
      client.send("PUT", "/freshet.model.*/_settings", "{\"index.blocks.write\":null}");
      sink.apply(rows(2, "a", "2"));
      assertThat(sink.rows("Orders").orElseThrow()).containsExactly(List.of("a", "2"));
    }
  }

  private static ModelDeltas rows(int place, String id, @Nullable String value) {
    return new ModelDeltas(
        SinkLaws.at(place),
        List.of(
            new ModelDelta.Rows(
                SinkLaws.shape("Orders"),
                Set.of(),
                Map.of(List.of(id), Arrays.asList(id, value)))));
  }
}
