package dev.freshet.read;

import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.model.Catalogue;
import dev.freshet.read.model.Model;
import dev.freshet.read.query.ModelQuery;
import dev.freshet.read.query.QueryGrammar;
import dev.freshet.read.query.RowRange;
import dev.freshet.runtime.Deadline;
import dev.freshet.runtime.ProblemResponses;
import dev.freshet.runtime.RequestScope;
import dev.freshet.runtime.source.FreshnessGate;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.server.PathContainer;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/** The way of one read from its request to its answer. */
final class ReadPath {

  private static final Logger log = LoggerFactory.getLogger(ReadPath.class);

  private static final int LONGEST_WAIT_MILLIS = 60_000;

  private final Catalogue catalogue;
  private final FreshnessGate gate;
  private final Answers answers;
  private final ProblemResponses problems;
  private final Scheduler blocking;

  ReadPath(
      Catalogue catalogue,
      FreshnessGate gate,
      Answers answers,
      ProblemResponses problems,
      Scheduler blocking) {
    this.catalogue = catalogue;
    this.gate = gate;
    this.answers = answers;
    this.problems = problems;
    this.blocking = blocking;
  }

  /** {@code GET /{model}}: the rows that the query asks for. */
  Mono<ServerResponse> rows(ServerRequest request) {
    return answer(request, QueryGrammar::read, answers::rows);
  }

  /** {@code GET /{model}/{key}}: one row by its key, a segment a column. */
  Mono<ServerResponse> row(ServerRequest request) {
    // From the segments, not from the path variable, in which an encoded slash is a slash already.
    List<String> key =
        request.requestPath().pathWithinApplication().elements().stream()
            .filter(PathContainer.PathSegment.class::isInstance)
            .map(segment -> ((PathContainer.PathSegment) segment).valueToMatch())
            .skip(1)
            .toList();
    return answer(request, (model, query) -> readKey(model, key, query), answers::row);
  }

  /** {@code OPTIONS}: what can be done here. */
  Mono<ServerResponse> options(ServerRequest request) {
    return ServerResponse.noContent()
        .header(HttpHeaders.ALLOW, ReadMethods.ALL)
        .header(QueryContent.ACCEPT_QUERY, MediaType.APPLICATION_JSON_VALUE)
        .build();
  }

  /** What is neither read nor asked about. */
  Mono<ServerResponse> notAllowed(ServerRequest request) {
    return refuse(
        Problem.of(
            ProblemCode.METHOD_NOT_ALLOWED,
            "A read-backend takes %s, not %s.".formatted(ReadMethods.ALL, request.method())),
        gate.position(),
        head ->
            head.header(HttpHeaders.ALLOW, ReadMethods.ALL)
                .header(QueryContent.ACCEPT_QUERY, MediaType.APPLICATION_JSON_VALUE));
  }

  /** Where no model can be. */
  Mono<ServerResponse> notFound(ServerRequest request) {
    return refuse(
        Problem.of(ProblemCode.NOT_FOUND, "The read models are at /MODEL and /MODEL/KEY."));
  }

  private static QueryGrammar.Reading readKey(
      Model model, List<String> key, MultiValueMap<String, String> parameters) {
    if (model.key().size() != key.size()) {
      return new QueryGrammar.Reading.Refused(
          Problem.of(
              ProblemCode.NOT_FOUND,
              model.key().isEmpty()
                  ? "'%s' names no key; filter on /%s instead."
                      .formatted(model.name(), model.name())
                  : "A row of '%s' is at /%s/{%s}."
                      .formatted(model.name(), model.name(), String.join("}/{", model.key()))));
    }
    return QueryGrammar.readOne(model, key, parameters);
  }

  private interface Grammar {
    QueryGrammar.Reading read(Model model, MultiValueMap<String, String> parameters);
  }

  private interface Question {
    Answers.Answer ask(Model model, ModelQuery query, Terms terms, Deadline deadline)
        throws SQLException;
  }

  /**
   * A request as far as it can be understood without its model.
   *
   * @param parameters of its URL, and of its content
   */
  private record Asked(
      ServerRequest request,
      Wanted wanted,
      Terms terms,
      MultiValueMap<String, String> parameters,
      Grammar grammar,
      Question question) {}

  private Mono<ServerResponse> answer(ServerRequest request, Grammar grammar, Question question) {
    Wanted wanted;
    try {
      wanted = Wanted.of(request);
    } catch (IllegalArgumentException e) {
      return refuse(Problem.of(ProblemCode.BAD_REQUEST, e.getMessage() + "."));
    }
    return switch (Terms.read(request)) {
      case Terms.Reading.Refused(Problem problem) -> refuse(problem);
      case Terms.Reading.Read(Terms terms) ->
          request.method().equals(ReadMethods.QUERY)
              ? request
                  .bodyToMono(byte[].class)
                  .defaultIfEmpty(new byte[0])
                  .flatMap(
                      content -> withContent(request, wanted, terms, content, grammar, question))
              : reach(new Asked(request, wanted, terms, request.queryParams(), grammar, question));
    };
  }

  private Mono<ServerResponse> withContent(
      ServerRequest request,
      Wanted wanted,
      Terms terms,
      byte[] content,
      Grammar grammar,
      Question question) {
    return switch (QueryContent.read(request, content)) {
      case QueryContent.Reading.Refused(Problem problem) ->
          refuse(
              problem,
              gate.position(),
              head -> head.header(QueryContent.ACCEPT_QUERY, MediaType.APPLICATION_JSON_VALUE));
      case QueryContent.Reading.Read(MultiValueMap<String, String> parameters) -> {
        MultiValueMap<String, String> all = new LinkedMultiValueMap<>();
        all.addAll(request.queryParams());
        all.addAll(parameters);
        yield reach(new Asked(request, wanted, terms, all, grammar, question));
      }
    };
  }

  private Mono<ServerResponse> reach(Asked asked) {
    Wanted wanted = asked.wanted();
    return gate.reach(wanted.position(), wanted.maxWait())
        .publishOn(blocking)
        .flatMap(
            arrival ->
                switch (arrival) {
                  case FreshnessGate.Arrival.TooLate late -> refuse(notCaughtUp(wanted, late.at()));
                  case FreshnessGate.Arrival.Reached ignored ->
                      RequestScope.during(asked.request(), () -> read(asked, true));
                });
  }

  /** What the gateway asks for with its headers. */
  private record Wanted(@Nullable Position position, Duration maxWait, Deadline deadline) {

    /**
     * @throws IllegalArgumentException when a header can't be read
     */
    static Wanted of(ServerRequest request) {
      String position = request.headers().firstHeader(FreshetHeaders.MIN_POSITION);
      String wait = request.headers().firstHeader(FreshetHeaders.MAX_WAIT);
      return new Wanted(
          position == null ? null : Position.parse(position),
          wait == null
              ? Duration.ZERO
              : Duration.ofMillis(Math.clamp(Long.parseLong(wait), 0, LONGEST_WAIT_MILLIS)),
          Deadline.of(request));
    }
  }

  private Mono<ServerResponse> read(Asked asked, boolean mayTryAgain) {
    String name = asked.request().pathVariable("model");
    try {
      Optional<Model> model = catalogue.find(name);
      if (model.isEmpty() && answers.expects(name)) {
        return refuse(notCaughtUp(asked.wanted(), null));
      }
      if (model.isEmpty()) {
        return refuse(
            Problem.of(
                ProblemCode.UNKNOWN_MODEL,
                "There is no read model '%s' in schema read of this source.".formatted(name)));
      }
      return switch (asked.grammar().read(model.get(), asked.parameters())) {
        case QueryGrammar.Reading.Refused(Problem problem) -> refuse(problem);
        case QueryGrammar.Reading.Read(ModelQuery query) -> ask(asked, model.get(), query);
      };
    } catch (SQLException e) {
      if (mayTryAgain && SqlFailure.meansTheModelChanged(e)) {
        catalogue.forget();
        return read(asked, false);
      }
      Problem problem = SqlFailure.problem(e);
      if (problem.code().status() >= 500) {
        log.warn("{}: {}", asked.request().path(), e.getMessage());
      }
      // Without a position: one that can't answer is to blame, other than one that is behind.
      return problem.code() == ProblemCode.DATABASE_UNAVAILABLE
          ? refuse(problem, null)
          : refuse(problem);
    }
  }

  private Mono<ServerResponse> ask(Asked asked, Model model, ModelQuery query) throws SQLException {
    RowRange range = asked.terms().range();
    ModelQuery within = range == null ? query : query.within(range);
    if (within == null) {
      return refuse(
          Problem.of(
              ProblemCode.RANGE_NOT_SATISFIABLE, "Range, limit and offset have no row in common."));
    }
    return respond(
        asked, asked.question().ask(model, within, asked.terms(), asked.wanted().deadline()));
  }

  private Mono<ServerResponse> respond(Asked asked, Answers.Answer answer) {
    Wanted wanted = asked.wanted();
    Position seen = answer.position().orElse(null);
    if (seen == null || (wanted.position() != null && !seen.isAtOrPast(wanted.position()))) {
      // The source went back since the last poll, as a restarted replica can.
      return refuse(notCaughtUp(wanted, seen), seen);
    }
    byte[] body = answer.body();
    if (body == null) {
      return refuse(Problem.of(ProblemCode.NOT_FOUND, "There is no row with this key."), seen);
    }
    ContentRange range = answer.range();
    if (range != null && range.isBeyond()) {
      return refuse(
          Problem.of(
              ProblemCode.RANGE_NOT_SATISFIABLE,
              "Rows from %d on were asked for; there are %d."
                  .formatted(range.offset(), range.total())),
          seen,
          head -> head.header(HttpHeaders.CONTENT_RANGE, range.toString()));
    }
    String tag =
        answer.version() == null ? null : "\"v%s-%08x\"".formatted(answer.version(), digest(body));
    if (tag != null && isKnown(asked.request(), tag)) {
      return head(ServerResponse.status(304), seen).eTag(tag).build();
    }
    ServerResponse.BodyBuilder response =
        head(ServerResponse.status(range == null ? 200 : range.status()), seen)
            .header(HttpHeaders.CONTENT_TYPE, asked.terms().representation().mediaType());
    if (range != null) {
      response.header(HttpHeaders.CONTENT_RANGE, range.toString());
    }
    String applied = asked.terms().preferences().applied();
    if (!applied.isEmpty()) {
      response.header(Preferences.APPLIED, applied);
    }
    if (tag != null) {
      response.eTag(tag);
    }
    return response.bodyValue(body);
  }

  private static ServerResponse.BodyBuilder head(ServerResponse.BodyBuilder response, Position at) {
    return response
        .header(HttpHeaders.VARY, Terms.VARY)
        .header(FreshetHeaders.POSITION, at.toString());
  }

  private static boolean isKnown(ServerRequest request, String tag) {
    return request.headers().header(HttpHeaders.IF_NONE_MATCH).stream()
        .flatMap(header -> Arrays.stream(header.split(",", -1)))
        .map(String::strip)
        .anyMatch(member -> member.equals("*") || member.replaceFirst("^W/", "").equals(tag));
  }

  private static long digest(byte[] body) {
    CRC32C crc = new CRC32C();
    crc.update(body);
    return crc.getValue();
  }

  private static Problem notCaughtUp(Wanted wanted, @Nullable Position at) {
    return Problem.of(
        ProblemCode.NOT_CAUGHT_UP,
        at == null
            ? "This source can't be read from now."
            : "This source is at %s and did not reach %s in time."
                .formatted(at, wanted.position()));
  }

  private Mono<ServerResponse> refuse(Problem problem) {
    return refuse(problem, gate.position());
  }

  private Mono<ServerResponse> refuse(Problem problem, @Nullable Position at) {
    return refuse(problem, at, head -> {});
  }

  private Mono<ServerResponse> refuse(
      Problem problem, @Nullable Position at, Consumer<ServerResponse.BodyBuilder> more) {
    ServerResponse.BodyBuilder response = problems.status(problem);
    if (at != null) {
      response.header(FreshetHeaders.POSITION, at.toString());
    }
    if (problem.code().status() == 503) {
      response.header(HttpHeaders.RETRY_AFTER, "1");
    }
    more.accept(response);
    return response.bodyValue(problems.body(problem));
  }
}
