package dev.freshet.gateway.pool;

import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.PositionReport;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Asks every instance for its position, again and again. */
public final class HealthChecks implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(HealthChecks.class);

  private static final Duration INTERVAL = Duration.ofMillis(500);

  /** Until an instance is ready it is asked more often: somebody waits for it. */
  private static final Duration INTERVAL_UNTIL_READY = Duration.ofMillis(100);

  private static final Duration TIMEOUT = Duration.ofSeconds(1);

  private final HttpClient client;
  private final JsonMapper json;
  private final List<Instance> instances;
  private final Disposable.Composite running = Disposables.composite();

  public HealthChecks(HttpClient client, JsonMapper json, List<Instance> instances) {
    this.client = client;
    this.json = json;
    this.instances = instances;
  }

  /** Asks each instance once, so that the first requests find them known, and goes on. */
  public void start() {
    Flux.fromIterable(instances).flatMap(this::check).blockLast(TIMEOUT.multipliedBy(2));
    for (Instance instance : instances) {
      running.add(
          Mono.defer(() -> check(instance))
              .then(Mono.defer(() -> Mono.delay(interval(instance))))
              .repeat()
              .subscribe());
    }
  }

  private static Duration interval(Instance instance) {
    return instance.health().state() == Instance.State.READY ? INTERVAL : INTERVAL_UNTIL_READY;
  }

  private Mono<Void> check(Instance instance) {
    return client
        .get()
        .uri(instance.spec().url() + FreshetHeaders.POSITION_PATH)
        .responseSingle(
            (response, body) ->
                body.asByteArray()
                    .defaultIfEmpty(new byte[0])
                    .doOnNext(bytes -> answered(instance, response.status().code(), bytes)))
        .timeout(TIMEOUT)
        .onErrorResume(
            failure -> {
              become(instance, Instance.State.DOWN, reason(failure));
              return Mono.empty();
            })
        .then();
  }

  private static String reason(Throwable failure) {
    String message = failure.getMessage();
    return failure instanceof TimeoutException || message == null
        ? "no answer within " + TIMEOUT.toMillis() + " ms"
        : message;
  }

  private void answered(Instance instance, int status, byte[] body) {
    if (status >= 400 && status < 500) {
      reportsNoPositions(instance);
      return;
    }
    if (status != 200) {
      become(instance, Instance.State.NOT_READY, "its position endpoint answers " + status);
      return;
    }
    try {
      PositionReport report = json.readValue(body, PositionReport.class);
      if (report.position() == null || !report.ready()) {
        become(instance, Instance.State.NOT_READY, "it says that it is not ready");
      } else {
        Instance.State before = instance.health().state();
        instance.become(
            Instance.State.READY, "", Position.parse(report.position()), report.lagSeconds(), true);
        tell(instance, before);
      }
    } catch (JacksonException | IllegalArgumentException e) {
      reportsNoPositions(instance);
    }
  }

  /**
   * A backend that knows nothing of all this answers something else there, and works all the same.
   */
  private static void reportsNoPositions(Instance instance) {
    Instance.State before = instance.health().state();
    instance.become(Instance.State.READY, "does not report positions", null, null, false);
    tell(instance, before);
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
      case NOT_READY, DOWN -> log.warn("{} is {} now: {}", instance, now.state(), now.reason());
    }
  }

  @Override
  public void close() {
    running.dispose();
  }
}
