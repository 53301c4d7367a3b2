package dev.freshet.read;

import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.model.Catalogue;
import dev.freshet.read.model.Model;
import dev.freshet.read.query.ModelQuery;
import dev.freshet.read.query.QueryGrammar;
import dev.freshet.runtime.Deadline;
import dev.freshet.runtime.ProblemResponses;
import dev.freshet.runtime.RequestScope;
import dev.freshet.runtime.source.FreshnessGate;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.server.PathContainer;
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
    return answer(request, model -> QueryGrammar.read(model, request.queryParams()), answers::rows);
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
    return answer(request, model -> readKey(model, key, request), answers::row);
  }

  private static QueryGrammar.Reading readKey(
      Model model, List<String> key, ServerRequest request) {
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
    return QueryGrammar.readOne(model, key, request.queryParams());
  }

  private interface Grammar {
    QueryGrammar.Reading read(Model model);
  }

  private interface Question {
    Answers.Answer ask(Model model, ModelQuery query, Deadline deadline) throws SQLException;
  }

  private Mono<ServerResponse> answer(ServerRequest request, Grammar grammar, Question question) {
    Wanted wanted;
    try {
      wanted = Wanted.of(request);
    } catch (IllegalArgumentException e) {
      return refuse(Problem.of(ProblemCode.BAD_REQUEST, e.getMessage() + "."));
    }
    return gate.reach(wanted.position(), wanted.maxWait())
        .publishOn(blocking)
        .flatMap(
            arrival ->
                switch (arrival) {
                  case FreshnessGate.Arrival.TooLate late -> refuse(notCaughtUp(wanted, late.at()));
                  case FreshnessGate.Arrival.Reached ignored ->
                      RequestScope.during(
                          request, () -> read(request, wanted, grammar, question, true));
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

  private Mono<ServerResponse> read(
      ServerRequest request,
      Wanted wanted,
      Grammar grammar,
      Question question,
      boolean mayTryAgain) {
    String name = request.pathVariable("model");
    try {
      Optional<Model> model = catalogue.find(name);
      if (model.isEmpty() && answers.expects(name)) {
        return refuse(notCaughtUp(wanted, null));
      }
      if (model.isEmpty()) {
        return refuse(
            Problem.of(
                ProblemCode.UNKNOWN_MODEL,
                "There is no read model '%s' in schema read of this source.".formatted(name)));
      }
      return switch (grammar.read(model.get())) {
        case QueryGrammar.Reading.Refused(Problem problem) -> refuse(problem);
        case QueryGrammar.Reading.Read(ModelQuery query) ->
            respond(request, wanted, question.ask(model.get(), query, wanted.deadline()));
      };
    } catch (SQLException e) {
      if (mayTryAgain && SqlFailure.meansTheModelChanged(e)) {
        catalogue.forget();
        return read(request, wanted, grammar, question, false);
      }
      Problem problem = SqlFailure.problem(e);
      if (problem.code().status() >= 500) {
        log.warn("{}: {}", request.path(), e.getMessage());
      }
      // Without a position: one that can't answer is to blame, other than one that is behind.
      return problem.code() == ProblemCode.DATABASE_UNAVAILABLE
          ? refuse(problem, null)
          : refuse(problem);
    }
  }

  private Mono<ServerResponse> respond(
      ServerRequest request, Wanted wanted, Answers.Answer answer) {
    Position seen = answer.position().orElse(null);
    if (seen == null || (wanted.position() != null && !seen.isAtOrPast(wanted.position()))) {
      // The source went back since the last poll, as a restarted replica can.
      return refuse(notCaughtUp(wanted, seen), seen);
    }
    byte[] body = answer.body();
    if (body == null) {
      return refuse(Problem.of(ProblemCode.NOT_FOUND, "There is no row with this key."), seen);
    }
    ServerResponse.BodyBuilder response =
        ServerResponse.ok()
            .contentType(MediaType.APPLICATION_JSON)
            .header(FreshetHeaders.POSITION, seen.toString());
    if (answer.contentRange() != null) {
      response.header(HttpHeaders.CONTENT_RANGE, answer.contentRange());
    }
    if (answer.version() != null) {
      String tag = "\"v%s-%08x\"".formatted(answer.version(), digest(body));
      response.eTag(tag);
      if (request.headers().header(HttpHeaders.IF_NONE_MATCH).stream()
          .flatMap(header -> Arrays.stream(header.split(",", -1)))
          .map(String::strip)
          .anyMatch(member -> member.equals("*") || member.replaceFirst("^W/", "").equals(tag))) {
        return ServerResponse.status(304)
            .eTag(tag)
            .header(FreshetHeaders.POSITION, seen.toString())
            .build();
      }
    }
    return response.bodyValue(body);
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
    ServerResponse.BodyBuilder response = problems.status(problem);
    if (at != null) {
      response.header(FreshetHeaders.POSITION, at.toString());
    }
    if (problem.code().status() == 503) {
      response.header(HttpHeaders.RETRY_AFTER, "1");
    }
    return response.bodyValue(problems.body(problem));
  }
}
