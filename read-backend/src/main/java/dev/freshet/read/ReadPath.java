package dev.freshet.read;

import dev.freshet.protocol.Position;
import dev.freshet.protocol.PostgrestError;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.model.Model;
import dev.freshet.read.openapi.OpenApiPages;
import dev.freshet.read.query.ModelQuery;
import dev.freshet.read.query.QueryGrammar;
import dev.freshet.read.query.Refused;
import dev.freshet.read.query.Representation;
import dev.freshet.read.query.RowRange;
import dev.freshet.read.store.Answer;
import dev.freshet.read.store.Asker;
import dev.freshet.read.store.Count;
import dev.freshet.read.store.ModelStore;
import dev.freshet.read.store.Question;
import dev.freshet.read.store.StoreFailed;
import dev.freshet.runtime.RequestScope;
import dev.freshet.runtime.source.FreshnessGate;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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

  private static final List<String> CURSORS = List.of("after", "before");
  private static final Set<Representation> OF_ROWS = EnumSet.allOf(Representation.class);
  private static final Set<Representation> OF_ONE_ROW =
      EnumSet.complementOf(EnumSet.of(Representation.JSON_WITHOUT_NULLS));

  private final ModelStore store;
  private final FreshnessGate gate;
  private final Askers askers;
  private final Rejections rejections;
  private final AnswerWriter writer;
  private final Scheduler blocking;

  ReadPath(
      ModelStore store,
      FreshnessGate gate,
      Askers askers,
      Rejections rejections,
      Scheduler blocking) {
    this.store = store;
    this.gate = gate;
    this.askers = askers;
    this.rejections = rejections;
    this.writer = new AnswerWriter(rejections);
    this.blocking = blocking;
  }

  /** {@code GET /{model}}: the rows that the query asks for. */
  Mono<ServerResponse> rows(ServerRequest request) {
    return answer(request, OF_ROWS, QueryGrammar::read, store::rows);
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
    return answer(request, OF_ONE_ROW, (model, query) -> readKey(model, key, query), store::row);
  }

  /** What models there are, for whoever asks. */
  Mono<ServerResponse> document(ServerRequest request) {
    return switch (askers.of(request, null)) {
      case Askers.Choice.Rejected(Refused refused) -> refuse(request, refused);
      case Askers.Choice.As(Asker asker) ->
          Mono.defer(() -> documentFor(request, asker)).subscribeOn(blocking);
    };
  }

  private Mono<ServerResponse> documentFor(ServerRequest request, Asker asker) {
    try {
      return OpenApiPages.document(store.all(asker), askers.haveRoles(), gate.position());
    } catch (StoreFailed e) {
      return rejections.of(request, e.refused(), null);
    }
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
    return rejections.of(
        request,
        Refused.of(
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
        request,
        Refused.of(ProblemCode.NOT_FOUND, "The read models are at /MODEL and /MODEL/KEY."));
  }

  private static QueryGrammar.Reading readKey(
      Model model, List<String> key, MultiValueMap<String, String> parameters) {
    if (model.key().size() != key.size()) {
      return new QueryGrammar.Reading.Rejected(
          Refused.of(
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

  private interface Lookup {
    Answer ask(Question question) throws StoreFailed;
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
      Lookup lookup) {

    /** The same with what stands in the content. */
    Asked with(MultiValueMap<String, String> more) {
      MultiValueMap<String, String> all = new LinkedMultiValueMap<>();
      all.addAll(more);
      // A link's cursor stands for the one with which the content came.
      if (CURSORS.stream().anyMatch(parameters::containsKey)) {
        CURSORS.forEach(all::remove);
      }
      all.addAll(parameters);
      return new Asked(request, wanted, terms, all, grammar, lookup);
    }

    /** The same where there is no time zone of the name that is preferred. */
    Asked withoutTimeZone() {
      Terms without =
          new Terms(terms.representation(), terms.preferences().withoutTimeZone(), terms.range());
      return new Asked(request, wanted, without, parameters, grammar, lookup);
    }
  }

  private Mono<ServerResponse> answer(
      ServerRequest request, Set<Representation> offered, Grammar grammar, Lookup lookup) {
    Wanted wanted;
    try {
      wanted = Wanted.of(request);
    } catch (IllegalArgumentException e) {
      return refuse(request, Refused.of(ProblemCode.BAD_REQUEST, e.getMessage() + "."));
    }
    return switch (Terms.read(request, offered)) {
      case Terms.Reading.Rejected(Refused refused) -> refuse(request, refused);
      case Terms.Reading.Read(Terms terms) -> {
        Asked asked = new Asked(request, wanted, terms, request.queryParams(), grammar, lookup);
        yield request.method().equals(ReadMethods.QUERY)
            ? request
                .bodyToMono(byte[].class)
                .defaultIfEmpty(new byte[0])
                .flatMap(content -> withContent(asked, content))
            : reach(asked);
      }
    };
  }

  private Mono<ServerResponse> withContent(Asked asked, byte[] content) {
    return switch (QueryContent.read(asked.request(), content)) {
      case QueryContent.Reading.Rejected(Refused refused) ->
          rejections.of(
              asked.request(),
              refused,
              gate.position(),
              head -> head.header(QueryContent.ACCEPT_QUERY, MediaType.APPLICATION_JSON_VALUE));
      case QueryContent.Reading.Read(MultiValueMap<String, String> parameters) ->
          reach(asked.with(parameters));
    };
  }

  private Mono<ServerResponse> reach(Asked asked) {
    Wanted wanted = asked.wanted();
    return gate.reach(wanted.position(), wanted.maxWait())
        .publishOn(blocking)
        .flatMap(
            arrival ->
                switch (arrival) {
                  case FreshnessGate.Arrival.TooLate late ->
                      refuse(asked.request(), wanted.notMetAt(late.at()));
                  case FreshnessGate.Arrival.Reached ignored ->
                      RequestScope.during(asked.request(), () -> read(asked, true));
                });
  }

  private Mono<ServerResponse> read(Asked asked, boolean mayTryAgain) {
    ServerRequest request = asked.request();
    String name = request.pathVariable("model");
    try {
      String timeZone = asked.terms().preferences().timeZone();
      if (timeZone != null && !store.hasTimeZone(timeZone)) {
        Asked without = asked.withoutTimeZone();
        Preferences preferences = without.terms().preferences();
        return preferences.areNotAllUnderstood()
            ? refuse(request, Terms.notUnderstood(preferences))
            : read(without, mayTryAgain);
      }
      Asker asker;
      switch (askers.of(request, timeZone)) {
        case Askers.Choice.Rejected(Refused refused) -> {
          return refuse(request, refused);
        }
        case Askers.Choice.As(Asker as) -> asker = as;
      }
      Optional<Model> model = store.find(name, asker);
      if (model.isEmpty()) {
        return store.expects(name)
            ? refuse(request, asked.wanted().notMetAt(null))
            : refuse(request, noSuchModel(name));
      }
      if (model.get().columns().isEmpty()) {
        return refuse(request, Askers.seesNothing(name, asker));
      }
      return switch (asked.grammar().read(model.get(), asked.parameters())) {
        case QueryGrammar.Reading.Rejected(Refused refused) -> refuse(request, refused);
        case QueryGrammar.Reading.Read(ModelQuery query) -> ask(asked, model.get(), query, asker);
      };
    } catch (StoreFailed e) {
      if (mayTryAgain && e.hasChanged()) {
        store.forget();
        return read(asked, false);
      }
      Problem problem = e.refused().problem();
      boolean isElsewhere = problem.code() == ProblemCode.NOT_CAUGHT_UP;
      if (problem.code().status() >= 500 && !isElsewhere) {
        log.warn("{}: {}", request.path(), e.getMessage());
      }
      // Without a position: one that can't answer is to blame, other than one that is behind.
      return problem.code() == ProblemCode.DATABASE_UNAVAILABLE
          ? rejections.of(request, e.refused(), null)
          : refuse(request, e.refused());
    }
  }

  /** What the planner guesses, it guesses from the rows of others, too: a role gets a count. */
  private static Count count(Asked asked, Asker asker) {
    Count wanted = asked.terms().preferences().count();
    return asker.role() == null || wanted == Count.NONE ? wanted : Count.EXACT;
  }

  private static Refused noSuchModel(String name) {
    return new Refused(
        Problem.of(
            ProblemCode.UNKNOWN_MODEL,
            "There is no read model '%s' in schema read of this source.".formatted(name)),
        new PostgrestError(
            404,
            "PGRST205",
            "Could not find the table 'read.%s' in the schema cache".formatted(name),
            null,
            null));
  }

  private Mono<ServerResponse> ask(Asked asked, Model model, ModelQuery query, Asker asker)
      throws StoreFailed {
    RowRange range = asked.terms().range();
    if (range != null && range.first() > 0 && query.seek() != null) {
      return refuse(
          asked.request(),
          Refused.of(
              ProblemCode.BAD_VALUE,
              "One of Range, after and before says where a page begins; leave out the others."));
    }
    ModelQuery within = range == null ? query : query.within(range);
    if (within == null) {
      return refuse(
          asked.request(),
          Refused.of(
              ProblemCode.RANGE_NOT_SATISFIABLE, "Range, limit and offset have no row in common."));
    }
    Question question =
        new Question(
            model,
            within,
            asked.terms().representation(),
            count(asked, asker),
            asker,
            asked.wanted().deadline());
    Answer answer = asked.lookup().ask(question);
    Position seen = answer.position().orElse(null);
    Position wanted = asked.wanted().position();
    if (seen == null || (wanted != null && !seen.isAtOrPast(wanted))) {
      if (answer instanceof Answer.Rows rows) {
        rows.body().discard();
      }
      // The source went back since the last poll, as a restarted replica can.
      return rejections.of(asked.request(), asked.wanted().notMetAt(seen), seen);
    }
    return switch (answer) {
      case Answer.Row row -> writer.write(asked.request(), asked.terms(), row, seen);
      case Answer.Rows rows -> writer.write(asked.request(), asked.terms(), question, rows, seen);
      case Answer.NotNow() -> throw new IllegalStateException("it has a position");
    };
  }

  private Mono<ServerResponse> refuse(ServerRequest request, Refused refused) {
    return rejections.of(request, refused, gate.position());
  }
}
