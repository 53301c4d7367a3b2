package dev.freshet.gateway.forward;

import dev.freshet.gateway.choice.Candidate;
import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.Head;
import dev.freshet.gateway.pool.Connections;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.pool.Slots;
import dev.freshet.gateway.session.Requirements.Requirement;
import dev.freshet.gateway.wire.BrokenContent;
import dev.freshet.gateway.wire.InterimAnswers;
import dev.freshet.gateway.wire.UnreadableAnswer;
import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.runtime.source.FreshnessGate;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import java.net.ConnectException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.netty.ByteBufFlux;
import reactor.netty.Connection;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientResponse;
import reactor.netty.http.client.PrematureCloseException;
import reactor.util.context.Context;

/** Sends a request to one instance, and the answer to the client. */
public final class Forwarder {

  private static final Logger log = LoggerFactory.getLogger(Forwarder.class);

  /** Statuses by which an instance, or what is behind it, says that it does not work. */
  private static final Set<Integer> SAY_THAT_IT_FAILS = Set.of(502, 503, 504);

  private final Forwarding forwarding;
  private final AttemptTraces traces;

  /**
   * Prepares to forward.
   *
   * @param forwarding says what backends are told of clients
   */
  public Forwarder(Forwarding forwarding, AttemptTraces traces) {
    this.forwarding = forwarding;
    this.traces = traces;
  }

  /**
   * One attempt.
   *
   * @param isWebSocket whether a WebSocket is to be opened
   * @param declining which answers are kept back
   * @param mayMove whether another instance can be asked instead when this one is lost
   * @param leads takes the right to answer the client; false when another attempt has it, and this
   *     one is being given up
   */
  public record Try(
      Outgoing outgoing,
      boolean isWebSocket,
      Declining declining,
      BooleanSupplier mayMove,
      BooleanSupplier leads,
      AnswerHeaders answerHeaders) {

    Exchange exchange() {
      return outgoing.exchange();
    }

    Instance instance() {
      return outgoing.candidate().instance();
    }

    private boolean keepsBack(int status, @Nullable Position at) {
      return declining.keepsBack(status, at, outgoing.candidate().minimum());
    }

    Try with(Outgoing other) {
      return new Try(other, isWebSocket, declining, mayMove, leads, answerHeaders);
    }
  }

  /** Adds headers to an answer before it goes to the client. */
  @FunctionalInterface
  public interface AnswerHeaders {

    /**
     * Adds headers; the answer goes on once that is done.
     *
     * @param position what the instance said it is at, or null
     */
    Mono<Verdict> add(Head head, @Nullable Position position);
  }

  /** Whether the client may have an answer. */
  public sealed interface Verdict {

    /** It gets it. */
    record Passed() implements Verdict {}

    /** The client gets another answer instead. */
    record Withheld(Requirement.Refused refusal) implements Verdict {}
  }

  /** Makes one attempt. */
  public Mono<Attempt> send(Try tried) {
    return traces.around(tried, this::sending);
  }

  private Mono<Attempt> sending(Try tried) {
    Instance instance = tried.instance();
    Connections.Lane lane = instance.connections().on(tried.exchange().eventLoop());
    Progress progress = new Progress(tried.outgoing().deadline());
    Mono<Attempt> attempt =
        Mono.defer(
            () -> {
              instance.started();
              return arrived(tried.outgoing().candidate(), () -> attempt(tried, lane, progress));
            });
    return within(tried, attempt, progress, lane)
        .onErrorResume(
            failure ->
                tried.exchange().isAnswered()
                    ? brokenOff(instance, failure)
                    : Mono.just(failed(tried, failure, progress)))
        .doFinally(signal -> instance.finished());
  }

  /** Fails after a deadline, or when the instance is lost, unless the client is being answered. */
  private static Mono<Attempt> within(
      Try tried, Mono<Attempt> attempt, Progress progress, Connections.Lane lane) {
    return Mono.create(
        sink -> {
          Progress.Clock clock = progress.clock(lane.loop(), sink);
          clock.start();
          Runnable move =
              () -> {
                if (!progress.isAnswering() && tried.mayMove().getAsBoolean()) {
                  sink.error(new InstanceLost());
                }
              };
          lane.movable().add(move);
          Disposable running =
              attempt.subscribe(
                  sink::success, sink::error, sink::success, Context.of(sink.contextView()));
          sink.onDispose(
              () -> {
                clock.stop();
                lane.movable().remove(move);
                running.dispose();
              });
        });
  }

  /** The instance is not expected to answer any more. */
  private static final class InstanceLost extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Waits for the database of a backend that does not know how to. */
  private static Mono<Attempt> arrived(Candidate candidate, Supplier<Mono<Attempt>> there) {
    Position minimum = candidate.minimum();
    if (minimum == null || candidate.instance().database().isEmpty()) {
      return there.get();
    }
    return candidate
        .instance()
        .database()
        .get()
        .reach(minimum, candidate.maxWait())
        .flatMap(
            arrival ->
                arrival instanceof FreshnessGate.Arrival.Reached
                    ? there.get()
                    : Mono.just(new Attempt.Declined(false)));
  }

  private Mono<Attempt> attempt(Try tried, Connections.Lane lane, Progress progress) {
    return tried.isWebSocket()
        ? webSocket(tried, lane.webSockets(), progress)
        : tried.instance().slots().with(lane.loop(), request(tried, lane.client(), progress));
  }

  private Mono<Attempt> webSocket(Try tried, HttpClient client, Progress progress) {
    return WebSockets.pass(
            tried.outgoing(),
            client.doOnRequest(
                (request, connection) -> {
                  progress.begin();
                  progress.sentWhole();
                  passInterim(tried, connection);
                }),
            forwarding,
            (ofBackend, onwards) -> {
              Head head = head(tried, WebSockets.SWITCHING_PROTOCOLS, ofBackend);
              WebSockets.OF_THE_HANDSHAKE.forEach(head.headers()::remove);
              head.headers().remove(HttpHeaderNames.CONTENT_LENGTH); // Netty's own
              return told(
                  tried,
                  head,
                  position(ofBackend),
                  progress.sinceSent(),
                  () -> {
                    progress.answer();
                    return onwards.apply(head);
                  });
            })
        .onErrorResume(
            failure -> {
              Optional<HttpResponse> refusal = WebSockets.refusal(failure);
              if (refusal.isEmpty()) {
                return Mono.error(failure);
              }
              int status = refusal.get().status().code();
              if (tried.keepsBack(status, null)) {
                return Mono.just(new Attempt.Declined(true));
              }
              HttpHeaders ofBackend = refusal.get().headers();
              Head head = head(tried, status, ofBackend);
              // The client library has thrown the content away.
              head.headers().remove(HttpHeaderNames.CONTENT_TYPE);
              head.headers().set(HttpHeaderNames.CONTENT_LENGTH, 0);
              return told(
                  tried,
                  head,
                  position(ofBackend),
                  progress.sinceSent(),
                  () -> tried.exchange().answer(head));
            });
  }

  private Mono<Attempt> request(Try tried, HttpClient client, Progress progress) {
    Exchange exchange = tried.exchange();
    return client
        .request(HttpMethod.valueOf(exchange.method()))
        .uri(exchange.target())
        .send(
            (request, outbound) -> {
              progress.begin();
              outbound.withConnection(connection -> passInterim(tried, connection));
              HeaderRules.copyRequest(tried.outgoing(), forwarding, request.requestHeaders());
              if (!exchange.hasBody()) {
                progress.sentWhole();
                return outbound;
              }
              return outbound.send(
                  exchange
                      .body()
                      .doOnNext(part -> progress.passed(part.readableBytes()))
                      .doOnComplete(progress::sentWhole));
            })
        .response((response, body) -> answer(tried, progress, response, body))
        .single();
  }

  private static void passInterim(Try tried, Connection backend) {
    InterimAnswers.of(
        backend.channel(),
        interim ->
            tried
                .exchange()
                .answerInterim(head(tried, interim.status().code(), interim.headers())));
  }

  private static Mono<Attempt> answer(
      Try tried, Progress progress, HttpClientResponse response, ByteBufFlux body) {
    int status = response.status().code();
    Position at = position(response.responseHeaders());
    if (at != null) {
      tried.instance().seenAt(at);
    }
    boolean isSound = !SAY_THAT_IT_FAILS.contains(status);
    if (!isSound && at == null) {
      // One that is not caught up says so with its position, and is not to blame.
      tried.instance().failed("it answers " + status);
    }
    if (isSound) {
      learn(tried, progress);
    }
    progress.heard();
    if (tried.keepsBack(status, at)) {
      return body.then(Mono.just(new Attempt.Declined(at == null)));
    }
    if (!tried.leads().getAsBoolean()) {
      return Mono.never();
    }
    Head head = head(tried, status, response.responseHeaders());
    return told(
            tried,
            head,
            at,
            progress.sinceSent(),
            () -> AnswerContent.write(tried.exchange(), head, body, progress))
        .doOnNext(
            attempt -> {
              if (isSound && attempt instanceof Attempt.Answered) {
                tried.instance().succeeded();
              }
            });
  }

  /** One that waits until it is caught up is not slow. */
  private static void learn(Try tried, Progress progress) {
    Slots slots = tried.instance().slots();
    if (slots.learns() && tried.outgoing().candidate().reason() != Candidate.Reason.WAITED) {
      slots.learn(progress.sinceSent());
    }
  }

  /** The client's part of an answer's head. */
  private static Head head(Try tried, int status, HttpHeaders ofBackend) {
    Head head = Head.of(status);
    HeaderRules.copyResponse(ofBackend, head.headers(), tried.instance().spec().url());
    return head;
  }

  /** Answers the client, unless it must not have this answer. */
  private static Mono<Attempt> told(
      Try tried,
      Head head,
      @Nullable Position at,
      Duration upstream,
      Supplier<Mono<Void>> answering) {
    return tried
        .answerHeaders()
        .add(head, at)
        .flatMap(
            verdict ->
                switch (verdict) {
                  case Verdict.Withheld(Requirement.Refused refusal) ->
                      Mono.just(new Attempt.Withheld(refusal));
                  case Verdict.Passed() ->
                      answering.get().thenReturn(new Attempt.Answered(head.status(), upstream));
                });
  }

  private static @Nullable Position position(HttpHeaders headers) {
    String text = headers.get(FreshetHeaders.POSITION);
    if (text == null) {
      return null;
    }
    try {
      return Position.parse(text);
    } catch (IllegalArgumentException e) {
      log.warn("A backend answered with a position that can't be read: {}", e.getMessage());
      return null;
    }
  }

  private static Attempt failed(Try tried, Throwable failure, Progress progress) {
    if (failure instanceof TimeoutException) {
      return timedOut(tried, progress);
    }
    Instance instance = tried.instance();
    if (failure instanceof BrokenContent.Failure broken) {
      return new Attempt.ContentBroken(broken.code(), String.valueOf(broken.getMessage()));
    }
    String reason = String.valueOf(failure.getMessage());
    boolean neverConnected =
        failure instanceof ConnectException
            || failure instanceof ConnectTimeoutException
            || (failure instanceof SSLException && !progress.hasBegun())
            || failure instanceof UnresolvedAddressException;
    if (neverConnected) {
      log.debug("{} can't be reached", instance, failure);
      String why = unreachable(failure);
      instance.unreachable(why);
      return new Attempt.Unreachable(why);
    }
    if (!progress.hasBegun()) {
      return new Attempt.NoConnection(reason);
    }
    if (failure instanceof InstanceLost) {
      return new Attempt.Moved();
    }
    if (failure instanceof UnreadableAnswer unreadable) {
      if (!unreadable.isTooLarge()) {
        instance.failed("its answer can't be read: " + reason);
      }
      return new Attempt.Unreadable(reason);
    }
    instance.failed("it broke the connection without an answer");
    return new Attempt.Unanswered(reason);
  }

  /** The client has a part of the answer: its connection is broken, too. */
  private static Mono<Attempt> brokenOff(Instance instance, Throwable failure) {
    if (failure instanceof PrematureCloseException || failure instanceof TimeoutException) {
      instance.failed("its answer broke off");
    }
    return Mono.error(failure);
  }

  private static Attempt timedOut(Try tried, Progress progress) {
    if (!progress.hasBegun()) {
      return new Attempt.NoConnection("none free in time");
    }
    if (!progress.isSentWhole()) {
      return new Attempt.ContentBroken(
          ProblemCode.REQUEST_TIMEOUT,
          "The content did not come, or could not be passed on, in time.");
    }
    if (!progress.isHeard()) {
      learn(tried, progress);
    }
    tried.instance().failed("it did not answer in time");
    return new Attempt.TimedOut();
  }

  /** In words that clients may read: without addresses. */
  private static String unreachable(Throwable failure) {
    if (failure instanceof ConnectTimeoutException) {
      return "it took no connection in time";
    }
    if (failure instanceof SSLException) {
      return "the TLS handshake failed";
    }
    return failure instanceof UnresolvedAddressException
        ? "its name can't be resolved"
        : "it refused the connection";
  }
}
