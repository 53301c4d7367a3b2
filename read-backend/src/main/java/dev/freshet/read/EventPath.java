package dev.freshet.read;

import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.protocol.SourceKind;
import dev.freshet.read.event.Cursor;
import dev.freshet.read.event.EventLog;
import dev.freshet.read.event.EventSignals;
import dev.freshet.read.event.Page;
import dev.freshet.read.event.ServerSentEvents;
import dev.freshet.read.query.Refused;
import dev.freshet.runtime.source.FreshnessGate;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * The way of the events to one subscriber: {@code GET /.freshet/events?after=POSITION&types=A,B}.
 *
 * <p>They come as server-sent events in the order of their commits, and go on until the subscriber
 * leaves, or has to ask again. It is given them as fast as it takes them.
 */
final class EventPath implements Subscriptions {

  private static final Logger log = LoggerFactory.getLogger(EventPath.class);

  /** One more is refused. */
  private static final int MOST_SUBSCRIBERS = 64;

  /** So often a subscriber hears something, so that proxies leave the connection alone. */
  private static final Duration HEARTBEAT = Duration.ofSeconds(15);

  private static final long RETRY_MILLIS = 1_000;

  private static final String LAST_EVENT_ID = "Last-Event-ID";
  private static final String NOW = "now";

  private final SourceKind kind;
  private final EventLog events;
  private final EventSignals signals;
  private final FreshnessGate gate;
  private final Mono<Void> leaving;
  private final Rejections rejections;
  private final Scheduler blocking;
  private final AtomicInteger subscribers = new AtomicInteger();

  EventPath(
      SourceKind kind,
      EventLog events,
      EventSignals signals,
      FreshnessGate gate,
      Mono<Void> leaving,
      Rejections rejections,
      Scheduler blocking) {
    this.kind = kind;
    this.events = events;
    this.signals = signals;
    this.gate = gate;
    this.leaving = leaving;
    this.rejections = rejections;
    this.blocking = blocking;
  }

  @Override
  public Mono<ServerResponse> follow(ServerRequest request) {
    if (kind != SourceKind.READ_DATABASE) {
      return refuse(
          request,
          ProblemCode.NOT_FOUND,
          "Only read-backends of read databases have events; this one reads a %s."
              .formatted(kind.wireName()));
    }
    Wanted wanted;
    EventLog.Standing standing;
    try {
      wanted = Wanted.of(request);
      standing = standing(request);
    } catch (IllegalArgumentException e) {
      return refuse(request, ProblemCode.BAD_VALUE, e.getMessage() + ".");
    }
    return gate.reach(wanted.position(), wanted.maxWait())
        .publishOn(blocking)
        .flatMap(
            arrival ->
                switch (arrival) {
                  case FreshnessGate.Arrival.TooLate late ->
                      rejections.of(request, wanted.notMetAt(late.at()), late.at());
                  case FreshnessGate.Arrival.Reached ignored -> start(request, wanted, standing);
                });
  }

  /** A subscriber that connects again says in a header what it has noted since it was started. */
  private static EventLog.Standing standing(ServerRequest request) {
    String noted = request.headers().firstHeader(LAST_EVENT_ID);
    String text = noted == null || noted.isBlank() ? request.queryParam("after").orElse("") : noted;
    return switch (text.strip()) {
      case "" -> new EventLog.Standing.Nowhere();
      case NOW -> new EventLog.Standing.Now();
      case String position -> new EventLog.Standing.After(Position.parse(position));
    };
  }

  private static Set<String> types(ServerRequest request) {
    return request.queryParams().getOrDefault("types", List.of()).stream()
        .flatMap(list -> Arrays.stream(list.split(",", -1)))
        .map(String::strip)
        .filter(type -> !type.isEmpty())
        .collect(Collectors.toSet());
  }

  private Mono<ServerResponse> start(
      ServerRequest request, Wanted wanted, EventLog.Standing standing) {
    EventLog.Start start;
    try {
      start = events.start(standing);
    } catch (SQLException e) {
      return failed(request, e);
    }
    return switch (start) {
      case EventLog.Start.NotNow() -> rejections.of(request, wanted.notMetAt(null), null);
      case EventLog.Start.NoEvents() ->
          refuse(
              request,
              ProblemCode.NOT_FOUND,
              "There are no events here. A table of events is one whose primary key is (stream, version), and that a read model reads.");
      case EventLog.Start.Gone(String why) ->
          refuse(
              request,
              ProblemCode.GONE,
              why + " Begin without a position, and pass by the events that you have.");
      case EventLog.Start.From(Cursor cursor, Position at) -> {
        if (subscribers.get() >= MOST_SUBSCRIBERS) {
          yield refuse(
              request,
              ProblemCode.TOO_MANY_REQUESTS,
              "%d subscribers follow the events here already.".formatted(MOST_SUBSCRIBERS));
        }
        boolean isFromNow = standing instanceof EventLog.Standing.Now;
        yield answer(at, told(cursor, types(request), isFromNow ? at : null));
      }
    };
  }

  private static Mono<ServerResponse> answer(Position at, Flux<String> told) {
    return ServerResponse.ok()
        .contentType(MediaType.TEXT_EVENT_STREAM)
        .header(HttpHeaders.CACHE_CONTROL, "no-store")
        .header(FreshetHeaders.POSITION, at.toString())
        .body(
            (response, context) -> {
              DataBufferFactory buffers = response.bufferFactory();
              return response.writeAndFlushWith(
                  told.map(text -> Mono.just(buffers.wrap(text.getBytes(StandardCharsets.UTF_8)))));
            });
  }

  /** What is read next, and what had been heard of before that. */
  private record Turn(Page page, long heard) {}

  private Flux<String> told(Cursor cursor, Set<String> types, @Nullable Position begin) {
    Flux<String> pages =
        next(cursor, types)
            .expand(
                turn ->
                    switch (turn.page()) {
                      case Page.Over() -> Mono.empty();
                      case Page.Told told when told.hasMore() -> next(told.next(), types);
                      case Page.Told told ->
                          signals
                              .await(turn.heard(), HEARTBEAT)
                              .then(Mono.defer(() -> next(told.next(), types)));
                    })
            .takeWhile(turn -> turn.page() instanceof Page.Told)
            .map(turn -> text((Page.Told) turn.page()));
    String opening =
        ServerSentEvents.retry(RETRY_MILLIS) + (begin == null ? "" : ServerSentEvents.of(begin));
    return Flux.concat(Mono.just(opening), pages)
        .takeUntilOther(leaving)
        .doOnSubscribe(
            subscription -> {
              subscribers.incrementAndGet();
              signals.subscribe();
            })
        .doFinally(
            signal -> {
              signals.unsubscribe();
              subscribers.decrementAndGet();
            });
  }

  /** What has no news is a sign of life, with the place up to which there are none. */
  private static String text(Page.Told told) {
    if (!told.text().isEmpty()) {
      return told.text();
    }
    return told.at() == null ? ServerSentEvents.comment() : ServerSentEvents.of(told.at());
  }

  private Mono<Turn> next(Cursor cursor, Set<String> types) {
    Callable<Turn> reading =
        () -> {
          long heard = signals.count();
          try {
            return new Turn(events.next(cursor, types), heard);
          } catch (SQLException e) {
            log.warn(
                "Events can't be read; their subscriber is to connect again: {}", e.getMessage());
            return new Turn(new Page.Over(), heard);
          }
        };
    return Mono.fromCallable(reading).subscribeOn(blocking);
  }

  private Mono<ServerResponse> failed(ServerRequest request, SQLException e) {
    log.warn("{}: {}", request.path(), e.getMessage());
    return rejections.of(
        request,
        Refused.of(ProblemCode.DATABASE_UNAVAILABLE, "The read database does not answer."),
        null);
  }

  private Mono<ServerResponse> refuse(ServerRequest request, ProblemCode code, String detail) {
    return rejections.of(request, Refused.of(code, detail), gate.position());
  }
}
