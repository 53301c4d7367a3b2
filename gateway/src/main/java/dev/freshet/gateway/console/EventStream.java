package dev.freshet.gateway.console;

import dev.freshet.gateway.report.Ticker;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.runtime.ProblemResponses;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code GET /api/stream}: every look at the system as a server-sent event of type {@code look},
 * once a second. It is written once for all who watch, and only while somebody does. Once {@link
 * #MOST_WATCHERS} watch, one more is refused.
 */
public final class EventStream {

  private static final int MOST_WATCHERS = 500;

  private final Flux<byte[]> events;
  private final ProblemResponses problems;
  private final AtomicInteger watchers = new AtomicInteger();

  /** Streams what a ticker sees. */
  public EventStream(Ticker ticker, JsonMapper json, ProblemResponses problems) {
    this.events = ticker.looks().map(look -> event(json, look)).replay(1).refCount();
    this.problems = problems;
  }

  private static byte[] event(JsonMapper json, Ticker.Look look) {
    return ("event: look\ndata: " + json.writeValueAsString(look) + "\n\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  /** Streams until the client goes away. */
  public Mono<ServerResponse> open(ServerRequest request) {
    if (watchers.get() >= MOST_WATCHERS) {
      Problem problem =
          Problem.of(
              ProblemCode.TOO_MANY_REQUESTS,
              "%d consoles are open already; close one.".formatted(MOST_WATCHERS));
      return problems.status(problem).bodyValue(problem.members());
    }
    return ServerResponse.ok()
        .contentType(MediaType.TEXT_EVENT_STREAM)
        .build(
            (exchange, context) -> {
              DataBufferFactory buffers = exchange.getResponse().bufferFactory();
              watchers.incrementAndGet();
              Flux<Mono<DataBuffer>> written =
                  events.onBackpressureLatest().map(event -> Mono.just(buffers.wrap(event)));
              return exchange
                  .getResponse()
                  .writeAndFlushWith(written)
                  .doFinally(signal -> watchers.decrementAndGet());
            });
  }
}
