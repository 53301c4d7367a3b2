package dev.freshet.gateway.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.protocol.Position;
import dev.freshet.protocol.PositionReport;
import dev.freshet.protocol.SourceKind;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

class SystemViewTest {

  private Flux<PositionReport> primaries = Flux.empty();
  private final SystemView system = new SystemView(this::ask);

  private Flux<Primaries.Answer> ask() {
    return primaries.map(report -> new Primaries.Answer("primary", report));
  }

  private static PositionReport report(String position, @Nullable String history) {
    return new PositionReport(position, "primary", 0.0, true, "17", history);
  }

  private Optional<String> observe(String position, @Nullable String history, long askedNanos) {
    return system.observe("primary", SourceKind.PRIMARY, report(position, history), askedNanos);
  }

  private Optional<Position> asked() {
    return system.ask().blockOptional(Duration.ofSeconds(5));
  }

  @Test
  void formerPrimaryThatAnswersFirstIsPassedOver() {
    observe("2:0/600", "1:0/500", System.nanoTime());
    primaries = Flux.just(report("1:0/9000", ""), report("2:0/700", "1:0/500"));
    assertThat(asked()).contains(Position.parse("2:0/700"));
    primaries = Flux.just(report("1:0/9000", ""));
    assertThat(asked()).isEmpty();
  }

  @Test
  void answersThatComeInTheWrongOrderDoNotTakeThePositionBack() {
    long now = System.nanoTime();
    observe("1:0/500", "", now + 2);
    observe("1:0/400", "", now + 1);
    assertThat(system.lastKnown()).contains(Position.parse("1:0/500"));
    // One that was put back by hand is where it says.
    observe("1:0/300", "", now + 3);
    assertThat(system.lastKnown()).contains(Position.parse("1:0/300"));
  }

  @Test
  void answerOfANewPrimaryIsBelievedAtOnceSoThatAFormerOneThatLivesIsNot() {
    observe("1:0/500", "", System.nanoTime());
    system.heard(Position.parse("2:0/600"));
    assertThat(system.timeline()).isEqualTo(2);
    primaries = Flux.just(report("1:0/9000", ""));
    assertThat(asked()).isEmpty();
    assertThat(system.isHistoryAwaited()).isTrue();
    assertThat(system.toldHistory()).isEmpty();
    system.heard(Position.parse("1:0/9000"));
    assertThat(system.lastKnown()).contains(Position.parse("2:0/600"));
    system.heard(Position.parse("2:0/650"));
    assertThat(system.lastKnown()).contains(Position.parse("2:0/650"));
    observe("2:0/700", "1:0/550", System.nanoTime());
    assertThat(system.toldHistory())
        .hasValueSatisfying(
            history ->
                assertThat(history.carriedOver(Position.parse("1:0/550")))
                    .contains(Position.parse("2:0/550")));
  }

  @Test
  void copyThatHoldsWhatIsLostIsNotUsed() {
    observe("2:0/700", "1:0/550", System.nanoTime());
    assertThat(copy("1:0/550")).isEmpty();
    assertThat(copy("2:0/1")).isEmpty();
    assertThat(copy("1:0/551"))
        .hasValueSatisfying(why -> assertThat(why).contains("timeline 2 lacks"));
  }

  private Optional<String> copy(String position) {
    return system.observe(
        "read_database",
        SourceKind.READ_DATABASE,
        new PositionReport(position, "read-database", 0.0, true, "17", null),
        System.nanoTime());
  }

  @Test
  void systemThatNobodyReportsAnyMoreGivesWayToAnother() {
    AtomicLong now = new AtomicLong();
    SystemView changing = new SystemView(this::ask, now::get);
    PositionReport other = new PositionReport("1:0/1", "primary", 0.0, true, "18", "");
    PositionReport copy = new PositionReport("3:0/1", "replica", 0.0, true, "17", null);
    assertThat(changing.observe("primary", SourceKind.PRIMARY, report("3:0/500", "2:0/1"), 0))
        .isEmpty();
    now.addAndGet(Duration.ofSeconds(29).toNanos());
    assertThat(changing.observe("primary", SourceKind.PRIMARY, other, now.get()))
        .hasValueSatisfying(why -> assertThat(why).contains("system 18"));
    assertThat(changing.observe("replica", SourceKind.REPLICA, copy, now.get())).isEmpty();
    now.addAndGet(Duration.ofSeconds(29).toNanos());
    assertThat(changing.observe("primary", SourceKind.PRIMARY, other, now.get())).isPresent();
    now.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(changing.observe("replica", SourceKind.REPLICA, other, now.get())).isPresent();
    assertThat(changing.observe("primary", SourceKind.PRIMARY, other, now.get())).isEmpty();
    assertThat(changing.systemIdentifier()).contains("18");
    assertThat(changing.timeline()).isEqualTo(1);
    assertThat(changing.lastKnown()).contains(Position.parse("1:0/1"));
    assertThat(changing.within(Duration.ofMinutes(1))).contains(Position.parse("1:0/1"));
    assertThat(changing.observe("replica", SourceKind.REPLICA, copy, now.get()))
        .hasValueSatisfying(why -> assertThat(why).contains("system 17"));
  }

  /** A backend of another system that is in a pool by mistake. */
  @Test
  void strangerThatWasThereAllAlongIsNoReplacement() {
    AtomicLong now = new AtomicLong();
    SystemView view = new SystemView(this::ask, now::get);
    PositionReport other = new PositionReport("1:0/1", "primary", 0.0, true, "18", "");
    assertThat(view.observe("ours", SourceKind.PRIMARY, report("3:0/500", "2:0/1"), 0)).isEmpty();
    assertThat(view.observe("stranger", SourceKind.PRIMARY, other, 0)).isPresent();
    now.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(view.observe("ours", SourceKind.PRIMARY, report("3:0/500", "2:0/1"), now.get()))
        .isEmpty();
    now.addAndGet(Duration.ofMinutes(10).toNanos());
    assertThat(view.observe("stranger", SourceKind.PRIMARY, other, now.get())).isPresent();
    assertThat(view.observe("ours", SourceKind.PRIMARY, report("3:0/600", "2:0/1"), now.get()))
        .isEmpty();
    now.addAndGet(Duration.ofSeconds(31).toNanos());
    assertThat(view.observe("restored", SourceKind.PRIMARY, other, now.get())).isEmpty();
    assertThat(view.systemIdentifier()).contains("18");
  }

  @Test
  void systemIsTheOneThatAPrimarySaysItIs() {
    PositionReport other = new PositionReport("1:0/1", "replica", 0.0, true, "18", null);
    assertThat(system.observe("replica", SourceKind.REPLICA, other, System.nanoTime())).isEmpty();
    assertThat(observe("1:0/500", "", System.nanoTime())).isEmpty();
    assertThat(system.systemIdentifier()).contains("17");
    assertThat(system.observe("replica", SourceKind.REPLICA, other, System.nanoTime()))
        .hasValueSatisfying(why -> assertThat(why).contains("system 18"));
  }

  @Test
  void questionThatFailsIsNoAnswer() {
    primaries = Flux.error(new IllegalStateException("broken"));
    assertThat(asked()).isEmpty();
  }
}
