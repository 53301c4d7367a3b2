package dev.freshet.gateway.pool;

import dev.freshet.gateway.system.SystemView;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.PositionReport;
import dev.freshet.protocol.SourceKind;
import dev.freshet.runtime.source.FreshnessGate;
import io.netty.channel.ConnectTimeoutException;
import java.net.ConnectException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Asks every instance for its position, again and again. */
public final class HealthChecks {

  private static final Logger log = LoggerFactory.getLogger(HealthChecks.class);

  /**
   * How many checks in a row may go unanswered. One may be lost to a pause of either side, and to
   * take the only instance of a pool for dead would make that an outage. While requests are
   * answered, they say more than checks do.
   */
  private static final int MISSED_UNTIL_DOWN = 2;

  private final PositionClient client;
  private final SystemView system;
  private final Set<Instance> watched = ConcurrentHashMap.newKeySet();
  private volatile long attendedNanos = System.nanoTime();

  public HealthChecks(PositionClient client, SystemView system) {
    this.client = client;
    this.system = system;
  }

  /** Asks each instance once, so that the first requests find them known. */
  void askOnce(Collection<Instance> instances, Duration patience) {
    Flux.fromIterable(instances)
        .flatMap(this::check)
        .then()
        .timeout(patience, Mono.empty())
        .block();
  }

  /** Asks an instance from now on, until that is disposed of. */
  Disposable watch(Instance instance) {
    watched.add(instance);
    return Mono.defer(() -> check(instance))
        .then(Mono.defer(() -> Mono.delay(pause(instance))))
        .repeat()
        .doFinally(end -> watched.remove(instance))
        .subscribe();
  }

  /** Somebody looks at the instances: for a while they are checked as if they were in use. */
  public void attend() {
    attendedNanos = System.nanoTime();
  }

  private Duration pause(Instance instance) {
    Duration unattended = Duration.ofNanos(System.nanoTime() - attendedNanos);
    Duration unused =
        Stream.concat(Stream.of(unattended), watched.stream().map(Instance::unused))
            .min(Comparator.naturalOrder())
            .orElse(Duration.ZERO);
    boolean ready = instance.health().state() == Instance.State.READY;
    return CheckPace.pause(ready, instance.inState(), unused);
  }

  private Mono<Void> check(Instance instance) {
    return Mono.defer(
        () -> {
          long asked = System.nanoTime();
          if (!instance.beginCheckIfDue()) {
            return silent(instance, asked);
          }
          return client
              .ask(instance)
              .flatMap(
                  answer -> {
                    instance.answeredCheck();
                    return answered(instance, answer, asked);
                  })
              .onErrorResume(
                  failure -> {
                    missed(instance, failure, asked);
                    return Mono.empty();
                  })
              .then();
        });
  }

  private static void missed(Instance instance, Throwable failure, long askedNanos) {
    if (neverConnected(failure)) {
      become(instance, Instance.State.DOWN, reason(failure));
      return;
    }
    Instance.Missed missed = instance.missedCheck(askedNanos);
    if (failure instanceof TimeoutException && missed.inARow() < MISSED_UNTIL_DOWN) {
      return;
    }
    if (instance.isEligible() && instance.hasSucceededSince(missed.beforeNanos())) {
      return;
    }
    // One that took no connection may take none now, either.
    if (instance.health().state() != Instance.State.DOWN) {
      become(instance, Instance.State.UNANSWERED, reason(failure));
    }
  }

  private static boolean neverConnected(Throwable failure) {
    return failure instanceof ConnectException
        || failure instanceof ConnectTimeoutException
        || failure instanceof SSLHandshakeException
        || failure instanceof UnresolvedAddressException;
  }

  private static String reason(Throwable failure) {
    String message = failure.getMessage();
    return failure instanceof TimeoutException || message == null
        ? "no answer within " + PositionClient.TIMEOUT.toMillis() + " ms"
        : message;
  }

  private Mono<Void> answered(Instance instance, PositionClient.Answer answer, long askedNanos) {
    switch (answer) {
      case PositionClient.Answer.Failing(int status, boolean isOurs) -> {
        if (!isOurs && !Boolean.TRUE.equals(instance.health().speaksFreshet())) {
          // A backend that knows nothing of all this may answer any unknown path so.
          return silent(instance, askedNanos);
        }
        become(instance, Instance.State.FAILING, "its position endpoint answers " + status);
      }
      case PositionClient.Answer.Silent ignored -> {
        return silent(instance, askedNanos);
      }
      case PositionClient.Answer.Reported(PositionReport report) ->
          reported(instance, report, true, askedNanos);
    }
    return Mono.empty();
  }

  /** Its database may tell what it does not. */
  private Mono<Void> silent(Instance instance, long askedNanos) {
    if (instance.database().isPresent()) {
      return instance
          .database()
          .get()
          .report()
          .doOnNext(report -> reported(instance, report, false, askedNanos))
          .then();
    }
    Instance.State before = instance.health().state();
    instance.become(Instance.State.READY, "does not report positions", null, null, false);
    tell(instance, before);
    return Mono.empty();
  }

  private void reported(Instance instance, PositionReport report, boolean itself, long askedNanos) {
    try {
      if (report.position() == null || !report.ready()) {
        become(
            instance,
            Instance.State.NOT_READY,
            itself ? notReady(instance) : databaseSilent(instance));
        return;
      }
      Position position = Position.parse(report.position());
      Optional<String> unusable =
          system.observe(instance.spec().id(), instance.spec().kind(), report, askedNanos);
      if (unusable.isPresent()) {
        become(instance, Instance.State.NOT_READY, unusable.get());
        return;
      }
      Instance.State before = instance.health().state();
      instance.replayIsPaused(Boolean.TRUE.equals(report.replayPaused()));
      if (instance.spec().kind() != SourceKind.PRIMARY) {
        instance.following().seen(position, system.beyond(position), System.nanoTime());
      }
      instance.become(Instance.State.READY, "", position, report.lagSeconds(), itself);
      tell(instance, before);
    } catch (IllegalArgumentException e) {
      become(instance, Instance.State.NOT_READY, String.valueOf(e.getMessage()));
    }
  }

  private static String notReady(Instance instance) {
    return instance.spec().kind() == SourceKind.REPLICA
        ? "it reports that it is not ready: it is stopping, its database can't be read, or its"
            + " replica was promoted; see its log"
        : "it reports that it is not ready";
  }

  private static String databaseSilent(Instance instance) {
    return "the position of its database can't be read"
        + instance
            .database()
            .flatMap(FreshnessGate::trouble)
            .map(trouble -> ": " + trouble)
            .orElse("");
  }

  private static void become(Instance instance, Instance.State state, String reason) {
    Instance.State before = instance.health().state();
    instance.become(
        state, reason, instance.health().position(), null, instance.health().speaksFreshet());
    tell(instance, before);
  }

  private static void tell(Instance instance, Instance.State before) {
    Instance.Health now = instance.health();
    if (now.state() == before || before == Instance.State.STARTING) {
      return;
    }
    switch (now.state()) {
      case STARTING, READY -> log.info("{} is ready again", instance);
      case NOT_READY, FAILING, UNANSWERED, DOWN ->
          log.warn("{} is {} now: {}", instance, now.state(), now.reason());
    }
  }
}
