package dev.freshet.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.gateway.routing.Consistency;
import dev.freshet.gateway.session.ClientSession.Renewal;
import dev.freshet.gateway.session.Requirements.Requirement;
import dev.freshet.gateway.session.Sessions.Flaw;
import dev.freshet.gateway.system.Primaries;
import dev.freshet.gateway.system.SystemView;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.PositionReport;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.protocol.SourceKind;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Flux;

class RequirementsTest {

  private static final String SYSTEM = "17";

  private final Sessions sessions =
      new Sessions(
          SessionKeys.ofText("k:" + "A".repeat(43) + "="), Duration.ofHours(1), Clock.systemUTC());

  private final AtomicInteger asked = new AtomicInteger();
  private @Nullable String primary = "1:0/500";
  private @Nullable String history;

  private final SystemView system =
      new SystemView(
          () -> {
            asked.incrementAndGet();
            return Flux.fromStream(Optional.ofNullable(primary).stream())
                .map(
                    at ->
                        new Primaries.Answer(
                            "primary",
                            new PositionReport(at, "primary", 0.0, true, SYSTEM, history)));
          });

  private final Requirements requirements = new Requirements(sessions, system);

  private void report(String position, String history) {
    assertThat(
            system.observe(
                "primary",
                SourceKind.PRIMARY,
                new PositionReport(position, "primary", 0.0, true, SYSTEM, history),
                System.nanoTime()))
        .isEmpty();
  }

  private Requirement of(@Nullable String consistency, String... positions) {
    List<String> tokens =
        List.of(positions).stream()
            .map(position -> sessions.issue(Position.parse(position), "s", SYSTEM))
            .toList();
    return answered(
        requirements.of(consistency == null ? null : Consistency.parse(consistency), tokens));
  }

  private Requirement answered(Requirement requirement) {
    return requirement instanceof Requirement.DependsOnPrimary depends
        ? answered(depends.then().apply(system.ask().blockOptional(Duration.ofSeconds(5))))
        : requirement;
  }

  private static @Nullable String required(Requirement requirement) {
    assertThat(requirement).isInstanceOf(Requirement.Met.class);
    Position required = ((Requirement.Met) requirement).session().required();
    return required == null ? null : required.toString();
  }

  @Test
  void sessionRequiresTheFurthestTokenAndEventualNothing() {
    report("1:0/500", "");
    assertThat(required(of("session", "1:0/100", "1:0/300", "1:0/200"))).isEqualTo("1:0/300");
    assertThat(required(of("session"))).isNull();
    assertThat(required(of("eventual", "1:0/100"))).isNull();
    assertThat(asked).hasValue(0);
  }

  @Test
  void strongRequiresWhereThePrimaryIsNowOrTheTokenIfThatIsFurther() {
    report("1:0/100", "");
    assertThat(required(of("strong"))).isEqualTo("1:0/500");
    assertThat(required(of("strong", "1:0/200"))).isEqualTo("1:0/500");
    assertThat(asked).hasValue(2);
  }

  @Test
  void strongThatCantAskIsUnmeetable() {
    report("1:0/100", "");
    primary = null;
    ClientSession session = ((Requirement.Met) of("strong")).session();
    assertThat(session.isUnmeetable()).isTrue();
    // What the primary was known to have is asked for still: a former one lacks it.
    assertThat(session.atLeast()).isEqualTo(Position.parse("1:0/100"));
  }

  @Test
  void boundedTakesASampleOfThatAgeAndAsksWhereThereIsNone() {
    assertThat(required(of("bounded;max-staleness=60"))).isEqualTo("1:0/500");
    assertThat(asked).hasValue(1);
    primary = "1:0/900";
    assertThat(required(of("bounded;max-staleness=60"))).isEqualTo("1:0/500");
    assertThat(required(of("bounded;max-staleness=60", "1:0/600"))).isEqualTo("1:0/600");
    assertThat(required(of("bounded;max-staleness=0"))).isEqualTo("1:0/900");
  }

  @Test
  void tokenAheadOfThePrimaryIsBadOnlyWhenThePrimaryItselfSaysSo() {
    report("1:0/100", "");
    assertThat(required(of("session", "1:0/400"))).isEqualTo("1:0/400");
    assertThat(asked).hasValue(1);
    assertThat(of("session", "1:0/501"))
        .isInstanceOfSatisfying(
            Requirement.Refused.class,
            refused -> {
              assertThat(refused.problem().code()).isEqualTo(ProblemCode.BAD_SESSION);
              assertThat(refused.flaw()).isEqualTo(Flaw.IMPOSSIBLE);
            });
    primary = null;
    assertThat(required(of("session", "1:0/501"))).isEqualTo("1:0/501");
  }

  @Test
  void tokenOfALeftTimelineIsCarriedOverOrLost() {
    report("1:0/100", "");
    report("2:0/600", "1:0/500");
    primary = "2:0/700";
    assertThat(required(of("session", "1:0/400"))).isEqualTo("2:0/400");
    assertThat(((Requirement.Met) of("session", "1:0/400")).session().renewal())
        .isEqualTo(Renewal.NEXT);
    Requirement lost = of(null, "1:0/501");
    assertThat(lost)
        .isInstanceOfSatisfying(
            Requirement.Refused.class,
            refused -> {
              assertThat(refused.problem().code()).isEqualTo(ProblemCode.POSITION_LOST);
              assertThat(refused.token()).startsWith("000000020000000000000700.");
            });
  }

  @Test
  void promotionWhoseHistoryIsNotToldYetIsAskedFor() {
    report("1:0/100", "");
    primary = "2:0/700";
    system.heard(Position.parse("2:0/600"));
    assertThat(of("session", "1:0/400"))
        .isInstanceOfSatisfying(
            Requirement.Refused.class,
            refused -> assertThat(refused.problem().code()).isEqualTo(ProblemCode.NOT_CAUGHT_UP));
    history = "1:0/500";
    assertThat(required(of("session", "1:0/400"))).isEqualTo("2:0/400");
    assertThat(of("session", "1:0/501")).isInstanceOf(Requirement.Refused.class);
  }

  @Test
  void promotionThatTheAskingItselfTellsOfIsJudgedBeforeTheAnswer() {
    report("1:0/600", "");
    primary = "2:0/700";
    history = "1:0/500";
    assertThat(of("strong", "1:0/501"))
        .isInstanceOfSatisfying(
            Requirement.Refused.class,
            refused -> assertThat(refused.problem().code()).isEqualTo(ProblemCode.POSITION_LOST));
  }

  @ParameterizedTest
  @CsvSource({"0, WHEN_ADVANCED", "30, WHEN_ADVANCED", "31, NEXT", "60, NEXT"})
  void tokenIsRenewedOnceItHasLivedHalfItsLife(long minutes, Renewal renewal) {
    Instant issued = Instant.parse("2026-11-01T12:00:00Z");
    Sessions earlier =
        new Sessions(
            SessionKeys.ofText("k:" + "A".repeat(43) + "="),
            Duration.ofHours(1),
            Clock.fixed(issued, ZoneOffset.UTC));
    String token = earlier.issue(Position.parse("1:0/100"), "s", SYSTEM);
    Sessions later =
        new Sessions(
            SessionKeys.ofText("k:" + "A".repeat(43) + "="),
            Duration.ofHours(1),
            Clock.fixed(issued.plus(Duration.ofMinutes(minutes)), ZoneOffset.UTC));
    assertThat(new Requirements(later, system).of(Consistency.parse("session"), List.of(token)))
        .isInstanceOfSatisfying(
            Requirement.Met.class, met -> assertThat(met.session().renewal()).isEqualTo(renewal));
  }

  @Test
  void unreliableTokenIsAnsweredStrongAndRenewed() {
    report("1:0/100", "");
    Sessions others =
        new Sessions(
            SessionKeys.ofText("other:" + "B".repeat(43) + "="),
            Duration.ofHours(1),
            Clock.systemUTC());
    Requirement requirement =
        answered(
            requirements.of(
                Consistency.parse("session"),
                List.of(others.issue(Position.parse("1:0/1"), "s", SYSTEM))));
    assertThat(requirement)
        .isInstanceOfSatisfying(
            Requirement.Met.class,
            met -> {
              assertThat(met.flaw()).isEqualTo(Flaw.UNKNOWN_KEY);
              assertThat(met.session().required()).isEqualTo(Position.parse("1:0/500"));
              assertThat(met.session().renewal()).isEqualTo(Renewal.IN_PLACE_OF_ALL);
            });
  }

  @Test
  void formerPrimaryAndAnotherSystemAreNotUsed() {
    report("2:0/600", "1:0/500");
    assertThat(
            system.observe(
                "primary",
                SourceKind.PRIMARY,
                new PositionReport("1:0/9000", "primary", 0.0, true, SYSTEM, ""),
                System.nanoTime()))
        .hasValueSatisfying(why -> assertThat(why).contains("former primary"));
    assertThat(
            system.observe(
                "replica",
                SourceKind.REPLICA,
                new PositionReport("2:0/600", "replica", 0.0, true, "18", null),
                System.nanoTime()))
        .hasValueSatisfying(why -> assertThat(why).contains("system 18"));
    primary = "1:0/9000";
    assertThat(((Requirement.Met) of("strong")).session().isUnmeetable()).isTrue();
  }
}
