package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.sync.model.SessionEnd;
import dev.freshet.sync.model.TableName;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RestartsTest {

  private static final Duration SHORT = Duration.ofMillis(20);
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final SessionEnd FAILED = new SessionEnd.Failed(new IllegalStateException());
  private static final SessionEnd OUTDATED = new SessionEnd.Outdated("A table was altered.");
  private static final TableName ORDERS = new TableName("public", "orders");

  private final Restarts restarts = new Restarts();

  @Test
  void failuresWaitTwiceAsLongEachTimeUpToFiveSeconds() {
    List<Long> pauses = IntStream.range(0, 8).mapToObj(i -> pauseMillis(FAILED, SHORT)).toList();
    assertThat(pauses).containsExactly(200L, 400L, 800L, 1600L, 3200L, 5000L, 5000L, 5000L);
  }

  @Test
  void sessionThatStreamedBeginsTheCountAgain() {
    pauseMillis(FAILED, SHORT);
    pauseMillis(FAILED, SHORT);
    assertThat(pauseMillis(new SessionEnd.Stopped(), LONG)).isEqualTo(100);
    assertThat(pauseMillis(FAILED, SHORT)).isEqualTo(200);
  }

  @Test
  void outdatedSessionIsFollowedAtOnceAndASecondShortOneIsNot() {
    assertThat(pauseMillis(OUTDATED, SHORT)).isZero();
    assertThat(pauseMillis(OUTDATED, SHORT)).isEqualTo(100);
    assertThat(pauseMillis(OUTDATED, SHORT)).isEqualTo(200);
    assertThat(pauseMillis(OUTDATED, LONG)).isZero();
  }

  @Test
  void tableIsCopiedAgainWhenItsColumnsAreUnclearTwiceInARow() {
    SessionEnd unclear = new SessionEnd.UnclearColumns(ORDERS);
    assertThat(restarts.after(unclear, SHORT).copyAgain()).isEmpty();
    assertThat(restarts.after(unclear, SHORT).copyAgain()).containsExactly(ORDERS);

    restarts.after(new SessionEnd.Stopped(), LONG);
    assertThat(restarts.after(unclear, SHORT).copyAgain()).isEmpty();
    TableName other = new TableName("public", "order_item");
    assertThat(restarts.after(new SessionEnd.UnclearColumns(other), SHORT).copyAgain()).isEmpty();
  }

  @Test
  void copiesThatDifferAreMadeAgainByTheNextSession() {
    assertThat(restarts.after(new SessionEnd.CopiesDiffer(Set.of(ORDERS)), SHORT).copyAgain())
        .containsExactly(ORDERS);
  }

  @Test
  void failureInBetweenDoesNotMakeUnclearColumnsClear() {
    SessionEnd unclear = new SessionEnd.UnclearColumns(ORDERS);
    restarts.after(unclear, SHORT);
    restarts.after(FAILED, SHORT);
    assertThat(restarts.after(unclear, SHORT).copyAgain()).containsExactly(ORDERS);
  }

  @Test
  void refusalWaitsLongAndThoseWhoStandByLookTwiceASecond() {
    assertThat(pauseMillis(new SessionEnd.Refused("Set wal_level=logical."), SHORT))
        .isEqualTo(5000);
    assertThat(pauseMillis(new SessionEnd.OtherLeads(), SHORT)).isEqualTo(500);
    assertThat(pauseMillis(new SessionEnd.Paused(), SHORT)).isEqualTo(500);
  }

  private long pauseMillis(SessionEnd end, Duration lasted) {
    return restarts.after(end, lasted).pause().toMillis();
  }
}
