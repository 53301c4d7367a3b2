package dev.freshet.gateway.choice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.gateway.pool.Endpoint;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.gateway.pool.Limit;
import dev.freshet.gateway.pool.Panic;
import dev.freshet.gateway.pool.Pool;
import dev.freshet.gateway.pool.TestPools;
import dev.freshet.gateway.routing.Level;
import dev.freshet.gateway.routing.Otherwise;
import dev.freshet.gateway.session.ClientSession;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.SourceKind;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ChoiceTest {

  private static final Position WRITTEN = Position.parse("1:0/200");
  private static final Position LATER = Position.parse("1:0/300");
  private static final Duration WAIT = Duration.ofMillis(100);

  private final List<Instance> pool =
      TestPools.of(
          spec("primary", SourceKind.PRIMARY),
          spec("replica-1", SourceKind.REPLICA),
          spec("replica-2", SourceKind.REPLICA),
          spec("read-1", SourceKind.READ_DATABASE));

  private List<Candidate> forRead(ClientSession session, Duration wait, Otherwise otherwise) {
    return Choice.forRead(new Pool(pool, Panic.NONE), session, wait, otherwise, null);
  }

  private static InstanceSpec spec(String id, SourceKind kind) {
    return new InstanceSpec(
        id, Endpoint.of(URI.create("http://127.0.0.1:1")), kind, null, 100, Limit.NONE);
  }

  @Test
  void withoutARequiredPositionTheCheapestKindIsFirstAndThePrimaryLast() {
    assertThat(names(null, Otherwise.PRIMARY))
        .containsExactly("read-1 ANY 0", "replica-1 ANY 0", "replica-2 ANY 0", "primary ANY 0");
  }

  @Test
  void whatCantBeMetByACopyIsAskedOfThePrimaryAlone() {
    ClientSession unmeetable =
        new ClientSession(
            Level.STRONG, WRITTEN, true, null, null, ClientSession.Renewal.WHEN_ADVANCED);
    assertThat(forRead(unmeetable, WAIT, Otherwise.PRIMARY))
        .satisfiesExactly(
            only -> {
              assertThat(only.instance().spec().id()).isEqualTo("primary");
              assertThat(only.minimum()).isEqualTo(WRITTEN);
            });
    assertThat(forRead(unmeetable, WAIT, Otherwise.FAIL)).isEmpty();
  }

  @Test
  void ofEqualsTheLeastBusyIsFirst() {
    instance("replica-1").started();
    instance("read-1").started();
    assertThat(names(null, Otherwise.PRIMARY))
        .startsWith("read-1 ANY 0", "replica-2 ANY 0", "replica-1 ANY 0");
    instance("replica-1").finished();
    instance("replica-2").started();
    assertThat(names(null, Otherwise.PRIMARY))
        .startsWith("read-1 ANY 0", "replica-1 ANY 0", "replica-2 ANY 0");
  }

  @Test
  void copyThatIsThereComesBeforeCheaperOnesThatAreNot() {
    instance("replica-2").seenAt(LATER);
    assertThat(names(WRITTEN, Otherwise.PRIMARY))
        .containsExactly(
            "replica-2 CAUGHT_UP 0",
            "read-1 WAITED 50",
            "replica-1 WAITED 50",
            "primary FALLBACK 1000");
  }

  @Test
  void ejectedOnesComeLastOfAllAndAreThereWhenThereAreNoOthers() {
    eject("read-1");
    eject("replica-1");
    assertThat(names(null, Otherwise.PRIMARY))
        .containsExactly("replica-2 ANY 0", "primary ANY 0", "read-1 ANY 0", "replica-1 ANY 0");
    eject("replica-2");
    assertThat(names(null, Otherwise.PRIMARY)).startsWith("primary ANY 0").hasSize(4);
    eject("primary");
    assertThat(names(null, Otherwise.PRIMARY)).hasSize(4);
  }

  @Test
  void strongReadsHaveThePrimaryEvenWhenItIsEjected() {
    eject("primary");
    ClientSession unmeetable =
        new ClientSession(
            Level.STRONG, WRITTEN, true, null, null, ClientSession.Renewal.WHEN_ADVANCED);
    assertThat(forRead(unmeetable, WAIT, Otherwise.PRIMARY))
        .extracting(candidate -> candidate.instance().spec().id())
        .containsExactly("primary");
  }

  private void eject(String id) {
    for (int i = 0; i < 5; i++) {
      instance(id).failed("reset");
    }
    assertThat(instance(id).isEjected()).isTrue();
  }

  @Test
  void sharesOfTheWaitNeverExceedIt() {
    assertThat(
            forRead(requiring(WRITTEN), WAIT, Otherwise.FAIL).stream()
                .map(Candidate::maxWait)
                .reduce(Duration.ZERO, Duration::plus))
        .isEqualTo(WAIT);
  }

  @Test
  void primaryIsNotAskedWhereTheRouteRefuses() {
    assertThat(names(WRITTEN, Otherwise.FAIL)).noneMatch(name -> name.startsWith("primary"));
    assertThat(names(WRITTEN, Otherwise.STALE))
        .endsWith("read-1 STALE 0", "replica-1 STALE 0", "replica-2 STALE 0");
  }

  @Test
  void hedgeAsksACopyInGoodOrderForTheSame() {
    assertThat(hedges(null, Otherwise.PRIMARY))
        .containsExactly("read-1 by replica-1", "replica-1 by replica-2");
    instance("replica-1").failed("reset");
    assertThat(hedges(null, Otherwise.PRIMARY)).containsExactly("read-1 by replica-2");
    instance("replica-1").succeeded();
    instance("read-1").seenAt(LATER);
    instance("replica-2").seenAt(LATER);
    // Not the one that would be waited for, nor the one that may be stale.
    assertThat(hedges(WRITTEN, Otherwise.STALE)).containsExactly("read-1 by replica-2");
    assertThat(hedges(WRITTEN, Otherwise.PRIMARY)).containsExactly("read-1 by replica-2");
  }

  private List<String> hedges(@Nullable Position required, Otherwise otherwise) {
    List<Candidate> candidates = forRead(requiring(required), WAIT, otherwise);
    return IntStream.range(0, candidates.size() - 1)
        .filter(i -> candidates.get(i).canBeHedgedBy(candidates.get(i + 1)))
        .mapToObj(
            i ->
                "%s by %s"
                    .formatted(candidates.get(i).instance(), candidates.get(i + 1).instance()))
        .toList();
  }

  @Test
  void instanceThatIsDownIsLeftOut() {
    instance("read-1").unreachable("gone");
    assertThat(names(null, Otherwise.PRIMARY)).noneMatch(name -> name.startsWith("read-1"));
  }

  @Test
  void positionOnAnotherTimelineIsNotTakenForCaughtUp() {
    instance("read-1").seenAt(Position.parse("2:0/300"));
    assertThat(names(WRITTEN, Otherwise.PRIMARY)).contains("read-1 WAITED 50");
  }

  private static ClientSession requiring(@Nullable Position required) {
    return new ClientSession(
        Level.SESSION, required, false, required, null, ClientSession.Renewal.WHEN_ADVANCED);
  }

  private Instance instance(String id) {
    return pool.stream().filter(i -> i.spec().id().equals(id)).findFirst().orElseThrow();
  }

  private List<String> names(@Nullable Position required, Otherwise otherwise) {
    return forRead(requiring(required), WAIT, otherwise).stream()
        .map(c -> "%s %s %d".formatted(c.instance(), c.reason(), c.maxWait().toMillis()))
        .toList();
  }

  private static InstanceSpec weighted(String id, int weight) {
    return new InstanceSpec(
        id,
        Endpoint.of(URI.create("http://127.0.0.1:1")),
        SourceKind.PRIMARY,
        null,
        weight,
        Limit.NONE);
  }

  @Test
  void weightsSayWhichShareOfRequestsAnInstanceGets() {
    List<Instance> canary =
        TestPools.of(weighted("old", 95), weighted("new", 5), weighted("spare", 0));
    int draws = 20_000;
    Map<String, Integer> first = new HashMap<>();
    for (int i = 0; i < draws; i++) {
      List<Candidate> candidates = Choice.forWrite(new Pool(canary, Panic.USUAL));
      assertThat(candidates).hasSize(3);
      assertThat(candidates.getLast().instance()).hasToString("spare");
      first.merge(candidates.getFirst().instance().toString(), 1, Integer::sum);
    }
    // Eight standard deviations of a binomial with p = 0.05.
    assertThat(first.get("new")).isCloseTo(draws / 20, Offset.offset(250));
    assertThat(first).containsOnlyKeys("old", "new");
  }

  private static List<Instance> replicas() {
    return TestPools.of(
        spec("a", SourceKind.REPLICA),
        spec("b", SourceKind.REPLICA),
        spec("c", SourceKind.REPLICA),
        spec("p", SourceKind.PRIMARY));
  }

  private static void become(Instance instance, Instance.State state, @Nullable Double lag) {
    instance.become(state, "", instance.health().position(), lag, true);
  }

  private static List<String> ids(List<Candidate> candidates) {
    return candidates.stream()
        .map(candidate -> candidate.instance() + " " + candidate.reason())
        .toList();
  }

  private static List<String> read(List<Instance> instances, Panic panic) {
    return ids(
        Choice.forRead(new Pool(instances, panic), requiring(null), WAIT, Otherwise.PRIMARY, null));
  }

  @Test
  void inPanicAllThatMayServeAreAskedAndTheLeastBusyFirst() {
    List<Instance> replicas = replicas().subList(0, 3);
    become(replicas.get(0), Instance.State.UNANSWERED, null);
    assertThat(read(replicas, Panic.USUAL)).as("two of three").containsExactly("b ANY", "c ANY");
    become(replicas.get(1), Instance.State.FAILING, null);
    replicas.get(2).started();
    assertThat(read(replicas, Panic.USUAL))
        .as("one of three")
        .containsExactly("a ANY", "b ANY", "c ANY");
    assertThat(read(replicas, Panic.NONE)).containsExactly("c ANY");
    assertThat(read(replicas, new Panic(33))).containsExactly("c ANY");
  }

  @Test
  void inPanicNobodyIsAskedWhoCantServeOrMustNot() {
    List<Instance> replicas = replicas();
    replicas.get(0).unreachable("gone");
    become(replicas.get(1), Instance.State.NOT_READY, null);
    become(replicas.get(2), Instance.State.UNANSWERED, null);
    become(replicas.get(3), Instance.State.UNANSWERED, null);
    assertThat(read(replicas, Panic.USUAL)).containsExactly("c ANY", "p ANY");
  }

  @Test
  void inPanicAKindWithAHealthyInstanceIsAskedFirst() {
    List<Instance> mixed = replicas();
    mixed.subList(0, 3).forEach(one -> become(one, Instance.State.UNANSWERED, null));
    assertThat(read(mixed, Panic.USUAL)).containsExactly("p ANY", "a ANY", "b ANY", "c ANY");
  }

  /** A write that fails may have been done, and is not repeated. */
  @Test
  void writesGoToASoundInstanceWhileThereIsOneInPanicToo() {
    List<Instance> writers =
        TestPools.of(
            spec("a", SourceKind.PRIMARY),
            spec("b", SourceKind.PRIMARY),
            spec("c", SourceKind.PRIMARY));
    become(writers.get(0), Instance.State.UNANSWERED, null);
    for (int i = 0; i < 5; i++) {
      writers.get(1).failed("broken");
    }
    writers.get(2).started();
    Pool pool = new Pool(writers, Panic.USUAL);
    assertThat(ids(Choice.forWrite(pool))).containsExactly("c WRITE");
    become(writers.get(2), Instance.State.FAILING, null);
    assertThat(ids(Choice.forWrite(pool))).containsExactly("a WRITE", "b WRITE", "c WRITE");
  }

  @Test
  void inPanicWhatAReadMustIncludeIsAskedOfEach() {
    List<Instance> replicas = replicas().subList(0, 2);
    replicas.get(0).seenAt(LATER);
    replicas.forEach(one -> become(one, Instance.State.UNANSWERED, null));
    assertThat(
            Choice.forRead(
                new Pool(replicas, Panic.USUAL),
                requiring(WRITTEN),
                WAIT,
                Otherwise.FAIL,
                Duration.ofSeconds(10)))
        .extracting(Candidate::minimum)
        .containsExactly(WRITTEN, WRITTEN);
  }

  private static List<String> bounded(List<Instance> instances, @Nullable Position required) {
    return ids(
        Choice.forRead(
            new Pool(instances, Panic.NONE),
            requiring(required),
            WAIT,
            Otherwise.PRIMARY,
            Duration.ofSeconds(10)));
  }

  @Test
  void copyThatIsFurtherBehindThanTheRouteAllowsIsTakenWhenThereIsNoOther() {
    List<Instance> all = replicas();
    become(all.get(0), Instance.State.READY, 10.5);
    become(all.get(1), Instance.State.READY, 9.5);
    become(all.get(2), Instance.State.READY, null);
    assertThat(bounded(all, null))
        .as("of which nobody knows is as fresh")
        .containsExactly("b ANY", "c ANY", "p ANY", "a STALE");
    assertThat(read(all, Panic.NONE))
        .as("without a bound")
        .containsExactly("a ANY", "b ANY", "c ANY", "p ANY");
    all.subList(0, 3).forEach(one -> become(one, Instance.State.READY, 60.0));
    assertThat(bounded(all, null))
        .as("the primary answers for them within its budget")
        .containsExactly("p FALLBACK", "a STALE", "b STALE", "c STALE");
    assertThat(bounded(all.subList(0, 2), null)).containsExactly("a STALE", "b STALE");
    for (int i = 0; i < 5; i++) {
      all.get(3).failed("broken");
    }
    assertThat(bounded(all, null))
        .as("one that is ejected is spared as well")
        .containsExactly("p FALLBACK", "a STALE", "b STALE", "c STALE");
  }

  @Test
  void oldTokenDoesNotMakeACopyFreshThatIsFarBehind() {
    List<Instance> all = replicas();
    all.subList(0, 3).forEach(one -> one.seenAt(LATER));
    become(all.get(0), Instance.State.READY, 60.0);
    become(all.get(1), Instance.State.READY, 0.0);
    become(all.get(2), Instance.State.READY, 0.0);
    assertThat(bounded(all, WRITTEN))
        .containsExactly("b CAUGHT_UP", "c CAUGHT_UP", "p FALLBACK", "a STALE");
    assertThat(bounded(all, Position.parse("1:0/400")))
        .as("a stale one that is not there is not taken")
        .doesNotContain("a STALE");
  }

  @Test
  void onlyCopyIsAskedHoweverFarBehindItIs() {
    List<Instance> only = replicas().subList(0, 1);
    become(only.getFirst(), Instance.State.READY, 60.0);
    for (Otherwise otherwise : Otherwise.values()) {
      assertThat(
              Choice.forRead(
                  new Pool(only, Panic.NONE),
                  requiring(WRITTEN),
                  WAIT,
                  otherwise,
                  Duration.ofSeconds(10)))
          .as("otherwise %s", otherwise)
          .singleElement()
          .satisfies(
              candidate -> {
                assertThat(candidate.reason()).isEqualTo(Candidate.Reason.STALE);
                assertThat(candidate.minimum())
                    .isEqualTo(otherwise == Otherwise.STALE ? null : WRITTEN);
              });
    }
  }

  @Test
  void copyThatHasWhatIsRequiredComesBeforeOnesThatTheRouteWouldTakeWithoutIt() {
    List<Instance> all = replicas();
    all.get(0).seenAt(LATER);
    become(all.get(0), Instance.State.READY, 60.0);
    become(all.get(1), Instance.State.READY, 60.0);
    assertThat(
            ids(
                Choice.forRead(
                    new Pool(all.subList(0, 3), Panic.NONE),
                    requiring(WRITTEN),
                    WAIT,
                    Otherwise.STALE,
                    Duration.ofSeconds(10))))
        .containsExactly("c WAITED", "a STALE", "c STALE", "b STALE");
  }

  @Test
  void levelsWithABoundOfTheirOwnGoByThat() {
    List<Instance> all = replicas();
    all.get(0).seenAt(LATER);
    become(all.get(0), Instance.State.READY, 60.0);
    ClientSession bounded =
        new ClientSession(
            Level.BOUNDED, WRITTEN, false, null, null, ClientSession.Renewal.WHEN_ADVANCED);
    assertThat(
            ids(
                Choice.forRead(
                    new Pool(all.subList(0, 1), Panic.NONE),
                    bounded,
                    WAIT,
                    Otherwise.PRIMARY,
                    Duration.ofSeconds(10))))
        .containsExactly("a CAUGHT_UP");
  }
}
