package dev.freshet.gateway.forward;

import dev.freshet.gateway.choice.Candidate;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.session.Requirements.Requirement;
import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.runtime.source.FreshnessGate;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.NettyDataBufferFactory;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.ByteBufFlux;
import reactor.netty.NettyOutbound;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientResponse;

/** Sends a request to one instance, and the answer to the client. */
public final class Forwarder {

  private static final Logger log = LoggerFactory.getLogger(Forwarder.class);

  /** Statuses by which an instance says that it can't serve a read, where another one may. */
  private static final Set<Integer> DECLINED = Set.of(502, 503);

  private final HttpClient client;

  /** How far an attempt is. */
  private static final class Progress {
    private final AtomicBoolean sent = new AtomicBoolean();
    private final AtomicBoolean answering = new AtomicBoolean();
  }

  /**
   * One attempt on its way.
   *
   * @param deadline how long the answer's head may take
   * @param mayDecline whether an answer that says the instance can't serve is kept back
   */
  private record UnderWay(
      ServerWebExchange exchange,
      Candidate candidate,
      Duration deadline,
      boolean mayDecline,
      AnswerHeaders answerHeaders,
      Progress progress) {

    Instance instance() {
      return candidate.instance();
    }
  }

  public Forwarder(HttpClient client) {
    this.client = client;
  }

  /** Adds headers to an answer before it goes to the client. */
  @FunctionalInterface
  public interface AnswerHeaders {

    /**
     * Adds headers; the answer goes on once that is done.
     *
     * @param position what the instance said it is at, or null
     */
    Mono<Verdict> add(@Nullable Position position);
  }

  /** Whether the client may have an answer. */
  public sealed interface Verdict {

    /** It gets it. */
    record Passed() implements Verdict {}

    /** It is told something else instead. */
    record Withheld(Requirement.Refused refusal) implements Verdict {}
  }

  /**
   * Makes one attempt.
   *
   * @param deadline how long the answer's head may take
   * @param mayDecline whether an answer that says the instance can't serve is kept back
   */
  public Mono<Attempt> send(
      ServerWebExchange exchange,
      Candidate candidate,
      Duration deadline,
      boolean mayDecline,
      AnswerHeaders answerHeaders) {
    Instance instance = candidate.instance();
    ServerHttpResponse answer = exchange.getResponse();
    org.springframework.http.HttpHeaders before =
        org.springframework.http.HttpHeaders.copyOf(answer.getHeaders());
    Progress progress = new Progress();
    UnderWay underWay =
        new UnderWay(exchange, candidate, deadline, mayDecline, answerHeaders, progress);
    return Mono.defer(
            () -> {
              instance.started();
              return arrived(candidate);
            })
        .flatMap(there -> there ? request(underWay) : Mono.just(new Attempt.Declined()))
        .timeout(untilAnswering(deadline, progress))
        .onErrorResume(
            failure -> {
              if (answer.isCommitted()) {
                return Mono.error(failure); // the client has a part of it: break its connection
              }
              return Mono.just(attempt(failure, progress.sent.get()));
            })
        .doOnNext(
            attempt -> {
              if (!(attempt instanceof Attempt.Answered)) {
                answer.getHeaders().clear();
                answer.getHeaders().putAll(before);
              }
            })
        .doOnNext(attempt -> note(instance, attempt))
        .doFinally(signal -> instance.finished());
  }

  /** Waits for the database of a backend that does not know how to. */
  private static Mono<Boolean> arrived(Candidate candidate) {
    Position minimum = candidate.minimum();
    return candidate.instance().database().isEmpty() || minimum == null
        ? Mono.just(true)
        : candidate
            .instance()
            .database()
            .get()
            .reach(minimum, candidate.maxWait())
            .map(FreshnessGate.Arrival.Reached.class::isInstance);
  }

  private Mono<Attempt> request(UnderWay underWay) {
    ServerHttpRequest from = underWay.exchange().getRequest();
    return client
        .request(HttpMethod.valueOf(from.getMethod().name()))
        .uri(uri(underWay.instance(), from))
        .send(
            (request, outbound) -> {
              underWay.progress().sent.set(true);
              copyRequestHeaders(
                  from, request.requestHeaders(), underWay.candidate(), underWay.deadline());
              return body(from, outbound);
            })
        .response((response, body) -> answer(underWay, response, body))
        .single();
  }

  /** Ends after the deadline, unless an answer is under way by then. */
  private static Publisher<?> untilAnswering(Duration deadline, Progress progress) {
    return Mono.delay(deadline)
        .flatMap(tick -> progress.answering.get() ? Mono.never() : Mono.just(tick));
  }

  private static String uri(Instance instance, ServerHttpRequest request) {
    URI asked = request.getURI();
    String query = asked.getRawQuery();
    return instance.spec().url().getScheme()
        + "://"
        + instance.spec().url().getRawAuthority()
        + asked.getRawPath()
        + (query == null ? "" : "?" + query);
  }

  private static void copyRequestHeaders(
      ServerHttpRequest from, HttpHeaders to, Candidate candidate, Duration deadline) {
    Set<String> named = HeaderRules.named(from.getHeaders().getConnection());
    // What the client library sets of its own accord is not what this client said.
    to.remove("user-agent").remove("accept");
    from.getHeaders()
        .forEach(
            (name, values) -> {
              if (HeaderRules.passesToBackend(name, named)) {
                to.set(name, values);
              }
            });
    InetSocketAddress client = from.getRemoteAddress();
    HeaderRules.set(
        to, "X-Forwarded-For", client == null ? null : client.getAddress().getHostAddress());
    HeaderRules.set(to, "X-Forwarded-Proto", from.getURI().getScheme());
    HeaderRules.set(to, "X-Forwarded-Host", from.getHeaders().getFirst("Host"));
    to.set(FreshetHeaders.DEADLINE, Long.toString(deadline.toMillis()));
    if (candidate.minimum() != null) {
      to.set(FreshetHeaders.MIN_POSITION, candidate.minimum().toString());
      to.set(FreshetHeaders.MAX_WAIT, Long.toString(candidate.maxWait().toMillis()));
    }
  }

  private static Publisher<Void> body(ServerHttpRequest request, NettyOutbound outbound) {
    if (!hasBody(request)) {
      return outbound;
    }
    return outbound.send(request.getBody().map(NettyDataBufferFactory::toByteBuf));
  }

  /** Whether a request carries content, by its framing. */
  public static boolean hasBody(ServerHttpRequest request) {
    return request.getHeaders().getContentLength() > 0
        || request.getHeaders().containsHeader("Transfer-Encoding");
  }

  private static Mono<Attempt> answer(
      UnderWay underWay, HttpClientResponse response, ByteBufFlux body) {
    int status = response.status().code();
    Position at = position(response.responseHeaders());
    if (at != null) {
      underWay.instance().seenAt(at);
    }
    if (underWay.mayDecline() && DECLINED.contains(status)) {
      return body.then(Mono.just(new Attempt.Declined()));
    }
    ServerHttpResponse answer = underWay.exchange().getResponse();
    answer.setStatusCode(HttpStatusCode.valueOf(status));
    copyResponseHeaders(response.responseHeaders(), answer.getHeaders());
    return underWay
        .answerHeaders()
        .add(at)
        .flatMap(
            verdict ->
                switch (verdict) {
                  case Verdict.Withheld(Requirement.Refused refusal) ->
                      Mono.just(new Attempt.Withheld(refusal));
                  case Verdict.Passed() -> {
                    underWay.progress().answering.set(true);
                    yield write(answer, response, body).thenReturn(new Attempt.Answered(status));
                  }
                });
  }

  private static Mono<Void> write(
      ServerHttpResponse answer, HttpClientResponse response, ByteBufFlux body) {
    NettyDataBufferFactory buffers = (NettyDataBufferFactory) answer.bufferFactory();
    Flux<DataBuffer> content = body.map(part -> buffers.wrap(part.retain()));
    return isStream(response.responseHeaders())
        ? answer.writeAndFlushWith(content.map(Flux::just))
        : answer.writeWith(content);
  }

  private static boolean isStream(HttpHeaders headers) {
    String type = headers.get("Content-Type");
    return type != null && type.startsWith("text/event-stream");
  }

  private static void copyResponseHeaders(
      HttpHeaders from, org.springframework.http.HttpHeaders to) {
    Set<String> named = HeaderRules.named(from.getAll("Connection"));
    for (Map.Entry<String, String> header : from) {
      if (HeaderRules.passesToClient(header.getKey(), named)) {
        to.add(header.getKey(), header.getValue());
      }
    }
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

  private static Attempt attempt(Throwable failure, boolean sent) {
    if (failure instanceof TimeoutException) {
      return sent ? new Attempt.TimedOut() : new Attempt.NoConnection("none free in time");
    }
    String reason = String.valueOf(failure.getMessage());
    boolean neverConnected =
        failure instanceof ConnectException
            || failure instanceof ConnectTimeoutException
            || failure instanceof UnresolvedAddressException;
    if (neverConnected) {
      return new Attempt.Unreachable(reason);
    }
    return sent ? new Attempt.Unanswered(reason) : new Attempt.NoConnection(reason);
  }

  private static void note(Instance instance, Attempt attempt) {
    if (attempt instanceof Attempt.Unreachable(String reason)) {
      instance.unreachable(reason);
    }
  }
}
