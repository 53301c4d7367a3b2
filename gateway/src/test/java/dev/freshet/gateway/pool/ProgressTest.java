package dev.freshet.gateway.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.gateway.system.PrimaryAhead;
import dev.freshet.protocol.Position;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProgressTest {

  private static final Position HERE = Position.parse("1:0/100");
  private static final Position NEXT = Position.parse("1:0/200");

  private final Progress following = new Progress();

  private void seen(Position at, int second) {
    following.seen(at, Optional.empty(), seconds(second));
  }

  private void seen(Position at, int primaryBeyondSince, int second) {
    following.seen(
        at,
        Optional.of(new PrimaryAhead(seconds(primaryBeyondSince), seconds(second))),
        seconds(second));
  }

  private static long seconds(int number) {
    return Duration.ofSeconds(number).toNanos();
  }

  @Test
  void whatItSaysOfItselfIsBelievedWhileThePrimaryIsNotBeyondIt() {
    seen(HERE, 0);
    seen(HERE, 100);
    assertThat(following.lagSeconds(0.2)).isEqualTo(0.2);
    assertThat(following.lagSeconds(null)).isNull();
    assertThat(following.isStuck()).as("on an idle system").isFalse();
  }

  @Test
  void copyThatIsCutOffIsBehindWhateverItSays() {
    seen(HERE, 10, 12);
    assertThat(following.lagSeconds(0.0)).as("within what is imprecise").isZero();
    seen(HERE, 10, 20);
    assertThat(following.lagSeconds(0.0)).isEqualTo(10);
    assertThat(following.lagSeconds(null)).isEqualTo(10);
    assertThat(following.lagSeconds(30.0)).isEqualTo(30);
    // Of the primary no more than a minute is known.
    seen(HERE, 60, 120);
    assertThat(following.lagSeconds(0.0)).isEqualTo(110);
    seen(NEXT, 121);
    assertThat(following.lagSeconds(0.0)).isZero();
  }

  @Test
  void isStuckWhenItHasNotMovedForFiveSecondsInWhichThePrimaryWentOn() {
    seen(HERE, 0);
    seen(HERE, 10, 14);
    assertThat(following.isStuck()).isFalse();
    seen(HERE, 10, 15);
    assertThat(following.isStuck()).isTrue();
    assertThat(following.reason()).contains("1:0/100");
    seen(NEXT, 11, 16);
    assertThat(following.isStuck()).as("far behind, but it moves").isFalse();
  }

  @Test
  void isNotStuckWhileThePrimaryIsNotHeardOf() {
    following.seen(HERE, Optional.of(new PrimaryAhead(seconds(1), seconds(2))), seconds(2));
    following.seen(HERE, Optional.of(new PrimaryAhead(seconds(1), seconds(2))), seconds(50));
    assertThat(following.isStuck()).isFalse();
    assertThat(following.lagSeconds(0.1)).isEqualTo(0.1);
  }
}
