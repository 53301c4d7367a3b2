package dev.freshet.runtime;

import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/** Lets operators change something, and audits it. {@link OperatorGate} has kept others out. */
public final class OperatorChanges {

  private static final Logger audit = LoggerFactory.getLogger("freshet.audit");

  /** How many changes are remembered; the log has all. */
  private static final int MOST_REMEMBERED = 200;

  private final Clock clock;
  private final Deque<Change> changes = new ArrayDeque<>();

  OperatorChanges(Clock clock) {
    this.clock = clock;
  }

  /**
   * A change that was asked for.
   *
   * @param at when, in ISO 8601
   * @param path what was asked for
   * @param by the address that asked
   * @param outcome what came of it
   * @param requestId what the request is called in logs, and wherever it was passed on
   */
  public record Change(String at, String path, String by, String outcome, String requestId) {}

  /** The latest changes, the last one first. */
  public List<Change> latest() {
    synchronized (changes) {
      return List.copyOf(changes);
    }
  }

  /** Makes a change that is asked for. */
  public Mono<ServerResponse> accept(ServerRequest request, Supplier<Mono<ServerResponse>> change) {
    RequestScope.name(request);
    return change
        .get()
        .doOnNext(answer -> log(request, answer.statusCode().toString()))
        .doOnError(failure -> log(request, failure.toString()))
        .doOnCancel(() -> log(request, "nobody waited for the outcome; it may be done"));
  }

  private void log(ServerRequest request, String outcome) {
    String path = request.uri().getRawPath(); // decoded, it could hold lines of its own
    String by =
        request
            .remoteAddress()
            .map(address -> address.getAddress().getHostAddress() + ":" + address.getPort())
            .orElse("unknown");
    RequestScope.during(
        request,
        () -> {
          audit.info("{} {} by {}: {}", request.method(), path, by, outcome);
          return outcome;
        });
    synchronized (changes) {
      changes.addFirst(
          new Change(
              clock.instant().toString(), path, by, outcome, RequestScope.id(request).orElse("")));
      if (changes.size() > MOST_REMEMBERED) {
        changes.removeLast();
      }
    }
  }
}
