package dev.freshet.gateway.choice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.gateway.choice.Candidate.Reason;
import dev.freshet.gateway.pool.Endpoint;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.gateway.pool.Limit;
import dev.freshet.gateway.pool.TestPools;
import dev.freshet.protocol.SourceKind;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FullTextTest {

  private final List<Instance> pool =
      TestPools.of(spec("read-1", SourceKind.READ_DATABASE), spec("search-1", SourceKind.SEARCH));

  private static InstanceSpec spec(String id, SourceKind kind) {
    return new InstanceSpec(
        id, Endpoint.of(URI.create("http://127.0.0.1:1")), kind, null, 100, Limit.NONE);
  }

  private List<String> first(String target, Reason ofDatabase, Reason ofStore) {
    return FullText.first(
            target,
            List.of(
                new Candidate(pool.getFirst(), ofDatabase, null, Duration.ZERO),
                new Candidate(pool.getLast(), ofStore, null, Duration.ZERO)))
        .stream()
        .map(candidate -> candidate.instance().spec().id())
        .toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/dishes?search=wfts.pizza",
        "/dishes?price=lt.9&search=wfts.pizza",
        "/dishes?name=fts.pizza",
        "/dishes?name=not.plfts(english).pizza",
        "/dishes?or=(name.phfts.a,price.eq.2)",
        "/dishes?name=wfts%28english%29.a"
      })
  void searchStoreIsFirstForWhoAsksForWords(String target) {
    assertThat(first(target, Reason.ANY, Reason.ANY)).containsExactly("search-1", "read-1");
    assertThat(first(target, Reason.CAUGHT_UP, Reason.CAUGHT_UP))
        .containsExactly("search-1", "read-1");
  }

  @Test
  void storeThatHasToBeWaitedForIsNotFirst() {
    assertThat(first("/dishes?search=wfts.pizza", Reason.CAUGHT_UP, Reason.WAITED))
        .containsExactly("read-1", "search-1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/dishes",
        "/search=wfts.a",
        "/dishes?research=eq.a",
        "/dishes?name=eq.gifts",
        "/dishes?name=eq.fts"
      })
  void otherReadsGoToTheCheapestKind(String target) {
    assertThat(first(target, Reason.ANY, Reason.ANY)).containsExactly("read-1", "search-1");
  }
}
