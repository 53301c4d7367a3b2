package dev.freshet.gateway.forward;

import dev.freshet.gateway.access.Principal;
import dev.freshet.gateway.choice.Candidate;
import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.Fingerprint;
import dev.freshet.gateway.pool.Connections;
import dev.freshet.gateway.pool.Instance;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Sends reads that have been answered to another instance, too, and compares what that answers. The
 * client has its answer by then, and waits for nothing.
 */
public final class Mirror {

  private static final Logger log = LoggerFactory.getLogger(Mirror.class);

  /** More at a time are not sent: an instance that is slow must not hold up the gateway. */
  private static final int MOST_AT_A_TIME = 64;

  private final Forwarding forwarding;
  private final Duration timeout;
  private final AtomicInteger running = new AtomicInteger();

  /** What came of it. */
  public enum Outcome {
    SAME,
    DIFFERENT,
    FAILED,
    SKIPPED
  }

  /**
   * Prepares to mirror.
   *
   * @param timeout how long an answer may take
   */
  public Mirror(Forwarding forwarding, Duration timeout) {
    this.forwarding = forwarding;
    this.timeout = timeout;
  }

  /**
   * A request that can be sent once more, whatever has become of the connection that it came by.
   */
  public final class Copy {

    private final Instance instance;
    private final Connections.Lane lane;
    private final HttpMethod method;
    private final String target;
    private final HttpHeaders headers = new DefaultHttpHeaders();

    private Copy(Exchange exchange, @Nullable Principal principal, Candidate candidate) {
      this.instance = candidate.instance();
      this.lane = instance.connections().on(exchange.eventLoop());
      this.method = HttpMethod.valueOf(exchange.method());
      this.target = exchange.target();
      HeaderRules.copyRequest(
          new Outgoing(exchange, principal, candidate, timeout), forwarding, headers);
    }

    /** Sends it, and compares the answer with what was answered before. */
    public Mono<Outcome> compare(Fingerprint before) {
      return Mono.defer(
          () -> {
            if (running.incrementAndGet() > MOST_AT_A_TIME) {
              running.decrementAndGet();
              return Mono.just(Outcome.SKIPPED);
            }
            instance.started();
            return instance
                .slots()
                .with(lane.loop(), send())
                .timeout(timeout)
                .map(answer -> compared(before, answer))
                .onErrorResume(
                    failure -> {
                      log.debug("{} {} was not mirrored by {}", method, target, instance, failure);
                      return Mono.just(Outcome.FAILED);
                    })
                .doFinally(
                    signal -> {
                      instance.finished();
                      running.decrementAndGet();
                    });
          });
    }

    private Mono<Fingerprint> send() {
      return lane.client()
          .headers(sent -> sent.set(headers))
          .request(method)
          .uri(target)
          .response(
              (response, body) -> {
                Fingerprint answer = new Fingerprint();
                answer.begin(response.status().code());
                return Flux.from(body).doOnNext(answer::add).then(Mono.just(answer));
              })
          .single();
    }

    private Outcome compared(Fingerprint before, Fingerprint answer) {
      if (before.equals(answer)) {
        return Outcome.SAME;
      }
      log.debug("{} {} is mirrored by {} as {}, not {}", method, target, instance, answer, before);
      return Outcome.DIFFERENT;
    }
  }

  /**
   * A copy of a request without content, for an instance.
   *
   * @param principal who the client is; null where nobody asked
   */
  public Copy copy(Exchange exchange, @Nullable Principal principal, Candidate candidate) {
    return new Copy(exchange, principal, candidate);
  }
}
