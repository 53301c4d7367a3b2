package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.gateway.choice.Candidate;
import dev.freshet.gateway.choice.Candidate.Reason;
import dev.freshet.gateway.exchange.Head;
import dev.freshet.gateway.exchange.TestExchange;
import dev.freshet.gateway.forward.Forwarder.Verdict;
import dev.freshet.gateway.pool.Endpoint;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.gateway.pool.Limit;
import dev.freshet.gateway.pool.TestPools;
import dev.freshet.gateway.routing.Access;
import dev.freshet.gateway.routing.Conditions;
import dev.freshet.gateway.routing.Consistency;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.routing.SessionBy;
import dev.freshet.gateway.session.ClientSession;
import dev.freshet.gateway.session.Requirements;
import dev.freshet.gateway.session.Requirements.Requirement;
import dev.freshet.gateway.session.SessionKeys;
import dev.freshet.gateway.session.Sessions;
import dev.freshet.gateway.system.Primaries;
import dev.freshet.gateway.system.SystemView;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.PositionReport;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.protocol.SourceKind;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.web.util.pattern.PathPatternParser;
import reactor.core.publisher.Flux;

/** What an answer is worth when a promotion comes between request and answer. */
class AnsweringTest {

  private static final String SYSTEM = "17";
  private static final String TIMELINE_1 = "00000001";
  private static final String TIMELINE_2 = "00000002";

  private final Sessions sessions =
      new Sessions(
          SessionKeys.ofText("k:" + "A".repeat(43) + "="), Duration.ofHours(1), Clock.systemUTC());

  /** What the primary says when it is asked; null when it does not answer. */
  private @Nullable PositionReport primary;

  private final SystemView system =
      new SystemView(
          () ->
              Flux.fromStream(Optional.ofNullable(primary).stream())
                  .map(report -> new Primaries.Answer("primary", report)));
  private final Requirements requirements = new Requirements(sessions, system);
  private final Answering answering =
      new Answering(sessions, new Placing(requirements, system), system);
  private SessionBy by = SessionBy.HEADER;

  @BeforeEach
  void primaryIsOnItsFirstTimeline() {
    primary = report("1:0/500", "");
    assertThat(system.ask().blockOptional()).isPresent();
  }

  private void promoted(@Nullable String history) {
    primary = report("2:0/700", history);
  }

  private static PositionReport report(String position, @Nullable String history) {
    return new PositionReport(position, "primary", 0.0, true, SYSTEM, history);
  }

  /** An answer on its way, of a request by a client that has seen a position. */
  private final class OnItsWay {
    private final Head head;
    private final Answer answer;

    OnItsWay(Reason reason, @Nullable String seen, int status) {
      SourceKind kind = reason == Reason.WRITE ? SourceKind.PRIMARY : SourceKind.REPLICA;
      head = Head.of(status);
      Instance instance =
          TestPools.of(
                  new InstanceSpec(
                      "it",
                      Endpoint.of(URI.create("http://127.0.0.1:1")),
                      kind,
                      null,
                      100,
                      Limit.NONE))
              .getFirst();
      instance.become(Instance.State.READY, "", Position.parse("1:0/1"), null, true);
      answer =
          new Answer(
              TestExchange.get("/orders"),
              head,
              new Route(
                  "orders",
                  PathPatternParser.defaultInstance.parse("/orders"),
                  Conditions.NONE,
                  Map.of(),
                  null,
                  null,
                  null,
                  false,
                  by,
                  new Access.Open(),
                  null,
                  null,
                  List.of()),
              session(reason, seen),
              new Candidate(instance, reason, null, Duration.ZERO),
              "it;kind=x;reason=y",
              system.timeline());
    }

    private ClientSession session(Reason reason, @Nullable String seen) {
      Requirement requirement =
          requirements.of(
              reason == Reason.WRITE ? null : Consistency.parse("session"),
              seen == null
                  ? List.of()
                  : List.of(sessions.issue(Position.parse(seen), "s", SYSTEM)));
      return ((Requirement.Met) requirement).session();
    }

    HttpHeaders headers() {
      return head.headers();
    }

    /** What becomes of it; empty when the client gets it. */
    Optional<Requirement.Refused> told(@Nullable String position) {
      Verdict verdict =
          Objects.requireNonNull(
              answering.add(answer, position == null ? null : Position.parse(position)).block());
      return verdict instanceof Verdict.Withheld(Requirement.Refused refusal)
          ? Optional.of(refusal)
          : Optional.empty();
    }

    /** The positions of the tokens that the client gets. */
    List<String> tokens() {
      return headers().getAll("Freshet-Session").stream()
          .flatMap(value -> List.of(value.split(", ", -1)).stream())
          .map(
              token -> token.substring(0, 8) + ":" + token.substring(8, 24).replaceFirst("^0+", ""))
          .toList();
    }
  }

  private static void assertRefused(Optional<Requirement.Refused> refused, ProblemCode code) {
    assertThat(refused).isPresent();
    assertThat(refused.get().problem().code()).isEqualTo(code);
  }

  @Test
  void tokenIsTheGreaterOfWhatWasSeenAndWhatIsTold() {
    OnItsWay answer = new OnItsWay(Reason.ANY, "1:0/300", 200);
    assertThat(answer.told("1:0/200")).isEmpty();
    assertThat(answer.tokens()).isEmpty();
    answer = new OnItsWay(Reason.WRITE, "1:0/300", 200);
    assertThat(answer.told("1:0/200")).isEmpty();
    assertThat(answer.tokens()).containsExactly(TIMELINE_1 + ":300");
    answer = new OnItsWay(Reason.ANY, "1:0/300", 200);
    assertThat(answer.told("1:0/400")).isEmpty();
    assertThat(answer.tokens()).containsExactly(TIMELINE_1 + ":400");
  }

  @Test
  void writeOfAFormerPrimaryThatSurvivedIsCarriedOver() {
    OnItsWay answer = new OnItsWay(Reason.WRITE, "1:0/300", 201);
    promoted("1:0/450");
    assertThat(system.ask().blockOptional()).isPresent();
    assertThat(answer.told("1:0/440")).isEmpty();
    assertThat(answer.tokens()).containsExactly(TIMELINE_2 + ":440");
  }

  @Test
  void writeOfAFormerPrimaryThatIsLostIsNoSuccess() {
    OnItsWay answer = new OnItsWay(Reason.WRITE, "1:0/300", 201);
    promoted("1:0/450");
    assertThat(system.ask().blockOptional()).isPresent();
    assertRefused(answer.told("1:0/460"), ProblemCode.OUTCOME_UNKNOWN);
  }

  @Test
  void refusalOfAFormerPrimaryIsPassedOnWithoutItsPosition() {
    OnItsWay answer = new OnItsWay(Reason.WRITE, "1:0/300", 422);
    promoted("1:0/450");
    assertThat(system.ask().blockOptional()).isPresent();
    assertThat(answer.told("1:0/460")).isEmpty();
    assertThat(answer.tokens()).containsExactly(TIMELINE_1 + ":300");
  }

  @Test
  void writeThatNobodyCanPlaceIsNoSuccess() {
    OnItsWay unanswered = new OnItsWay(Reason.WRITE, "1:0/300", 201);
    primary = null;
    assertRefused(unanswered.told(null), ProblemCode.OUTCOME_UNKNOWN);
    // Where the next primary is says nothing of what was written to the one before.
    OnItsWay overtaken = new OnItsWay(Reason.WRITE, "1:0/300", 201);
    promoted("1:0/450");
    assertRefused(overtaken.told(null), ProblemCode.OUTCOME_UNKNOWN);
  }

  @Test
  void refusedWriteThatNobodyCanPlaceIsPassedOn() {
    OnItsWay answer = new OnItsWay(Reason.WRITE, "1:0/300", 422);
    primary = null;
    assertThat(answer.told(null)).isEmpty();
    assertThat(answer.tokens()).containsExactly(TIMELINE_1 + ":300");
  }

  @Test
  void writeBesideAnUntoldHistoryIsGivenBothTokens() {
    OnItsWay answer = new OnItsWay(Reason.WRITE, "1:0/300", 201);
    promoted(null);
    assertThat(answer.told("2:0/650")).isEmpty();
    assertThat(answer.tokens()).containsExactly(TIMELINE_2 + ":650", TIMELINE_1 + ":300");
  }

  @Test
  void bothTokensTravelInCookiesOfTheirOwn() {
    by = SessionBy.COOKIE;
    OnItsWay answer = new OnItsWay(Reason.WRITE, "1:0/300", 201);
    promoted(null);
    assertThat(answer.told("2:0/650")).isEmpty();
    assertThat(answer.headers().getAll("Set-Cookie"))
        .satisfiesExactly(
            written -> assertThat(written).startsWith("freshet-written=" + TIMELINE_2),
            seen -> assertThat(seen).startsWith("freshet-seen=" + TIMELINE_1));
  }

  @Test
  void readThatLacksWhatThePromotionLostIsNotPassedOn() {
    OnItsWay answer = new OnItsWay(Reason.FALLBACK, "1:0/480", 200);
    promoted("1:0/450");
    Optional<Requirement.Refused> refused = answer.told("2:0/700");
    assertRefused(refused, ProblemCode.POSITION_LOST);
    assertThat(refused.get().token()).startsWith(TIMELINE_2);
  }

  @Test
  void readOfWhatThePromotionLostIsNotPassedOn() {
    OnItsWay answer = new OnItsWay(Reason.ANY, null, 200);
    promoted("1:0/450");
    assertThat(system.ask().blockOptional()).isPresent();
    assertRefused(answer.told("1:0/480"), ProblemCode.NOT_CAUGHT_UP);
  }

  @Test
  void readAcrossAPromotionThatKeptAllGoesOn() {
    OnItsWay answer = new OnItsWay(Reason.FALLBACK, "1:0/400", 200);
    promoted("1:0/450");
    assertThat(answer.told("2:0/700")).isEmpty();
    assertThat(answer.tokens()).containsExactly(TIMELINE_2 + ":700");
  }

  @Test
  void readThatDoesNotSayWhereItStandsIsNotPassedOn() {
    assertRefused(new OnItsWay(Reason.ANY, null, 200).told(null), ProblemCode.NOT_CAUGHT_UP);
    assertRefused(new OnItsWay(Reason.ANY, null, 304).told(null), ProblemCode.NOT_CAUGHT_UP);
    // Who has no such path has not looked at the data; of what is not there it tells its position.
    assertThat(new OnItsWay(Reason.ANY, null, 404).told(null)).isEmpty();
    assertThat(new OnItsWay(Reason.ANY, null, 302).told(null)).isEmpty();
    assertThat(new OnItsWay(Reason.ANY, null, 500).told(null)).isEmpty();
  }
}
