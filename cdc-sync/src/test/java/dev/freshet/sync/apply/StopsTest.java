package dev.freshet.sync.apply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.sync.source.Changes;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceTransaction;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class StopsTest {

  private final Stops stops = new Stops();
  private final List<String> done = new ArrayList<>();

  private static List<SourceTransaction> ending(long... ends) {
    return LongStream.of(ends)
        .mapToObj(
            end -> new SourceTransaction(new Place(1, end), Instant.EPOCH, new Changes(), null))
        .toList();
  }

  private static String ends(List<SourceTransaction> transactions) {
    return transactions.stream().map(each -> each.end().value()).toList().toString();
  }

  private String rest(long... ends) {
    return ends(stops.act(ending(ends), some -> done.add(ends(some))));
  }

  @Test
  void withoutAStopNothingIsDivided() {
    assertThat(rest(10, 20)).isEqualTo("[10, 20]");
    assertThat(done).isEmpty();
  }

  @Test
  void whatEndsAtAStopComesBeforeItAndWhatEndsBehindItAfterwards() {
    stops.add(new Place(1, 20), () -> done.add("stop at 20"));
    stops.add(new Place(1, 25), () -> done.add("stop at 25"));
    stops.add(new Place(1, 40), () -> done.add("stop at 40"));
    assertThat(rest(10, 20, 30)).isEqualTo("[30]");
    assertThat(done).containsExactly("[10, 20]", "stop at 20", "stop at 25");
    assertThat(rest(40)).as("no more is known than what ends there").isEqualTo("[40]");
    assertThat(rest(50)).isEqualTo("[50]");
    assertThat(done).hasSize(4).endsWith("stop at 40");
  }

  @Test
  void severalThatStopAtOnePlaceAreAllServed() {
    stops.add(new Place(1, 20), () -> done.add("a copy"));
    stops.add(new Place(1, 20), () -> done.add("a comparison"));
    assertThat(rest(20, 30)).isEqualTo("[30]");
    assertThat(done).containsExactly("[20]", "a copy", "a comparison");
  }
}
