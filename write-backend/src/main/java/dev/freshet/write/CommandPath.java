package dev.freshet.write;

import dev.freshet.postgres.IdempotencyTable;
import dev.freshet.postgres.PrimaryPosition;
import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.runtime.Deadline;
import dev.freshet.runtime.ProblemResponses;
import dev.freshet.runtime.RequestScope;
import dev.freshet.write.check.CheckedCommand;
import dev.freshet.write.declaration.Declaration;
import dev.freshet.write.declaration.Declaration.Wanted;
import dev.freshet.write.declaration.Input;
import dev.freshet.write.run.Arguments;
import dev.freshet.write.run.Audit;
import dev.freshet.write.run.Client;
import dev.freshet.write.run.CommandRun;
import dev.freshet.write.run.Failures;
import dev.freshet.write.run.Keys;
import dev.freshet.write.run.Outcome;
import dev.freshet.write.run.OutcomeUnknown;
import dev.freshet.write.run.Preconditions;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;

/** The way of one command from its request to its answer. */
final class CommandPath {

  /** The timer of all commands. */
  static final String TIMER = "freshet.commands";

  private static final Logger log = LoggerFactory.getLogger(CommandPath.class);

  private static final String DEADLINE = CommandPath.class.getName() + ".deadline";
  private static final String KEY = "Idempotency-Key";
  private static final String REPLAYED = "Idempotency-Replayed";
  private static final String PREFER = "Prefer";
  private static final String MINIMAL = "return=minimal";

  private final DataSource primary;
  private final Clients clients;
  private final Keys keys;
  private final Audit audit;
  private final ProblemResponses problems;
  private final JsonMapper json;
  private final Scheduler blocking;
  private final MeterRegistry meters;

  CommandPath(
      DataSource primary,
      Clients clients,
      Keys keys,
      Audit audit,
      ProblemResponses problems,
      JsonMapper json,
      Scheduler blocking,
      MeterRegistry meters) {
    this.primary = primary;
    this.clients = clients;
    this.keys = keys;
    this.audit = audit;
    this.problems = problems;
    this.json =
        json.rebuild()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();
    this.blocking = blocking;
    this.meters = meters;
  }

  /** Takes a request for a command. */
  Mono<ServerResponse> answer(ServerRequest request, CommandSet.Match match) {
    request.attributes().put(DEADLINE, Deadline.of(request));
    return request
        .bodyToMono(byte[].class)
        .defaultIfEmpty(new byte[0])
        .publishOn(blocking)
        .flatMap(body -> RequestScope.during(request, () -> answer(request, match, body)));
  }

  /** From when it came in: a connection may have been waited for. */
  private static Deadline deadline(ServerRequest request) {
    return (Deadline) request.attribute(DEADLINE).orElseThrow();
  }

  /** On one connection: the transaction first, then the position that it reached. */
  private Mono<ServerResponse> answer(ServerRequest request, CommandSet.Match match, byte[] body) {
    Timer.Sample started = Timer.start(meters);
    String name = match.command().declaration().name();
    Outcome outcome;
    Position position = null;
    try (Connection connection = primary.getConnection()) {
      outcome = outcome(request, match, body, connection);
      position = positionAfter(name, connection);
      sweep(connection, request);
    } catch (SQLException e) {
      log.warn("{} failed: {}", name, e.getMessage());
      outcome = Failures.refusal(e, null);
    } catch (OutcomeUnknown e) {
      log.warn("{}: the connection broke at the commit", name, e);
      outcome =
          Outcome.Refused.of(
              ProblemCode.OUTCOME_UNKNOWN,
              "The connection to the primary broke while the change was being committed. It may have happened; read before trying again, or send it again with its Idempotency-Key.");
    }
    started.stop(
        Timer.builder(TIMER)
            .description("Commands, from the first statement to the position after COMMIT")
            .publishPercentileHistogram()
            .tag("command", name)
            .tag(
                "outcome",
                outcome instanceof Outcome.Refused(Problem problem)
                    ? problem.code().code()
                    : "done")
            .register(meters));
    return response(request, outcome, position);
  }

  private void sweep(Connection connection, ServerRequest request) {
    if (request.headers().firstHeader(KEY) != null) {
      try {
        keys.sweepIfDue(connection);
      } catch (SQLException e) {
        log.warn("Old idempotency keys could not be forgotten: {}", e.getMessage());
      }
    }
  }

  /**
   * Where the log is once the transaction has ended. What was decided stands, also when this can't
   * be told any more; the answer then has no position.
   */
  private static @Nullable Position positionAfter(String name, Connection connection) {
    try {
      return PrimaryPosition.ask(connection);
    } catch (SQLException e) {
      log.warn("{}: the position after it can't be told: {}", name, e.getMessage());
      return null;
    }
  }

  private Outcome outcome(
      ServerRequest request, CommandSet.Match match, byte[] bytes, Connection connection)
      throws SQLException {
    Declaration declaration = match.command().declaration();
    Client client = clients.of(request);
    JsonNode body = MissingNode.getInstance();
    Optional<Outcome.Refused> refused = clients.refusal(client, declaration.scopes());
    if (refused.isEmpty()) {
      refused = refusal(request, declaration);
    }
    if (refused.isEmpty() && !deadline(request).left().isPositive()) {
      refused =
          Optional.of(
              Outcome.Refused.of(
                  ProblemCode.BACKEND_TIMEOUT,
                  "No connection to the primary was free in time. Nothing was written; try again."));
    }
    if (refused.isEmpty() && declaration.body() != null) {
      try {
        body = json.readTree(bytes);
        refused =
            body == null || body.isMissingNode()
                ? Optional.of(malformed("it is empty"))
                : Optional.empty();
      } catch (JacksonException e) {
        refused =
            Optional.of(
                malformed(e.getOriginalMessage().lines().findFirst().orElse("it can't be read")));
      }
    }
    Audit.Entry entry =
        new Audit.Entry(
            declaration,
            client.principal(),
            request.requestPath().value(),
            RequestScope.id(request).orElse(null),
            body == null ? MissingNode.getInstance() : body);
    Outcome outcome =
        refused.isPresent() ? refused.get() : run(request, match, entry, client, connection);
    if (outcome instanceof Outcome.Refused(Problem problem)) {
      audit(connection, entry, problem);
    }
    return outcome;
  }

  private Outcome run(
      ServerRequest request,
      CommandSet.Match match,
      Audit.Entry entry,
      Client client,
      Connection connection)
      throws SQLException {
    CheckedCommand checked = match.command().ready(connection);
    if (checked == null) {
      return Outcome.Refused.of(
          ProblemCode.NOT_READY,
          "The database is not what this command needs. Nothing was written; its operators have to bring the two together.");
    }
    Outcome outcome =
        new CommandRun(checked, request(request, match, entry, client), connection, keys, audit)
            .run();
    if (outcome instanceof Outcome.Refused(Problem problem)
        && problem.code() == ProblemCode.NOT_READY) {
      match.command().doubt();
    }
    return outcome;
  }

  private void audit(Connection connection, Audit.Entry entry, Problem problem) {
    try {
      audit.refused(connection, entry, problem.code().code(), problem.code().status());
    } catch (SQLException e) {
      log.warn(
          "{} was refused, which could not be noted: {}", entry.command().name(), e.getMessage());
    }
  }

  private static CommandRun.Request request(
      ServerRequest request, CommandSet.Match match, Audit.Entry entry, Client client) {
    Declaration declaration = match.command().declaration();
    Instant now = Instant.now();
    Map<String, String> query = new TreeMap<>(request.queryParams().toSingleValueMap());
    String header = request.headers().firstHeader(KEY);
    Keys.Key key =
        header == null || declaration.rules().idempotency() == Wanted.NONE
            ? null
            : new Keys.Key(
                client.principal() == null ? "" : client.principal(),
                declaration.name(),
                IdempotencyTable.parse(header).orElseThrow(),
                Keys.fingerprint(request.requestPath().value() + "?" + query, entry.body()));
    return new CommandRun.Request(
        client,
        request.requestPath().value(),
        Meta.of(request, declaration, client),
        entry,
        declaration.rules().ifMatch() == Wanted.NONE ? Preconditions.NONE : preconditions(request),
        key,
        () -> Arguments.of(declaration, match.path(), query, entry.body(), client, now),
        deadline(request));
  }

  private static Preconditions preconditions(ServerRequest request) {
    return Preconditions.of(
        request.headers().firstHeader(HttpHeaders.IF_MATCH),
        request.headers().firstHeader(HttpHeaders.IF_NONE_MATCH));
  }

  /** What a request lacks, or has too much of, whatever the database says. */
  private static Optional<Outcome.Refused> refusal(ServerRequest request, Declaration command) {
    Set<String> known =
        command.inputs().values().stream()
            .filter(input -> input.from() == Input.From.QUERY)
            .map(Input::name)
            .collect(Collectors.toCollection(TreeSet::new));
    for (Map.Entry<String, List<String>> parameter : request.queryParams().entrySet()) {
      if (!known.contains(parameter.getKey())) {
        return bad(
            "This command has no parameter '%s' in its query%s."
                .formatted(
                    parameter.getKey(),
                    known.isEmpty() ? "" : "; it has " + String.join(", ", known)));
      }
      if (parameter.getValue().size() > 1) {
        return bad("The query has '%s' twice.".formatted(parameter.getKey()));
      }
    }
    String key = request.headers().firstHeader(KEY);
    Declaration.Rules rules = command.rules();
    if (rules.idempotency() == Wanted.REQUIRED && key == null) {
      return bad(
          "This command needs an Idempotency-Key: a name for this attempt that is used once, such as a UUID. Send it again with the same one.");
    }
    if (rules.idempotency() != Wanted.NONE
        && key != null
        && IdempotencyTable.parse(key).isEmpty()) {
      return bad(
          "An Idempotency-Key has 1 to %d printable characters of ASCII."
              .formatted(IdempotencyTable.LONGEST_KEY));
    }
    boolean hasCondition = !preconditions(request).equals(Preconditions.NONE);
    if (rules.ifMatch() == Wanted.REQUIRED
        && request.headers().firstHeader(HttpHeaders.IF_MATCH) == null) {
      return Optional.of(
          Outcome.Refused.of(
              ProblemCode.PRECONDITION_REQUIRED,
              "This command needs If-Match with the ETag of what you read, so that nobody else's change is lost."));
    }
    if (rules.ifMatch() == Wanted.OPTIONAL && hasCondition && command.state() == null) {
      return bad("This command has nothing that If-Match or If-None-Match could be held against.");
    }
    return Optional.empty();
  }

  private static Optional<Outcome.Refused> bad(String detail) {
    return Optional.of(Outcome.Refused.of(ProblemCode.BAD_REQUEST, detail));
  }

  private static Outcome.Refused malformed(String why) {
    return Outcome.Refused.of(
        ProblemCode.MALFORMED_JSON, "The body must be one JSON document: " + why + ".");
  }

  private Mono<ServerResponse> response(
      ServerRequest request, Outcome outcome, @Nullable Position position) {
    ServerResponse.BodyBuilder answer;
    byte[] body = null;
    switch (outcome) {
      case Outcome.Refused(Problem problem) -> {
        answer = problems.status(problem);
        body = problems.body(problem);
        if (problem.code() == ProblemCode.DATABASE_UNAVAILABLE
            || problem.code() == ProblemCode.IN_PROGRESS) {
          answer.header(HttpHeaders.RETRY_AFTER, "1");
        }
      }
      case Outcome.Done done -> {
        boolean isMinimal = prefersMinimal(request) && done.body() != null;
        answer = ServerResponse.status(isMinimal && done.status() == 200 ? 204 : done.status());
        if (isMinimal) {
          answer.header("Preference-Applied", MINIMAL);
        } else if (done.body() != null) {
          answer.contentType(MediaType.APPLICATION_JSON);
          body = done.body().getBytes(StandardCharsets.UTF_8);
        }
        if (done.version() != null) {
          answer.eTag(Preconditions.tag(done.version()));
        }
        if (done.location() != null) {
          answer.location(URI.create(done.location()));
        }
        if (done.isReplayed()) {
          answer.header(REPLAYED, "true");
        }
      }
    }
    if (position != null) {
      answer.header(FreshetHeaders.POSITION, position.toString());
    }
    return body == null ? answer.build() : answer.bodyValue(body);
  }

  private static boolean prefersMinimal(ServerRequest request) {
    return request.headers().header(PREFER).stream()
        .flatMap(header -> List.of(header.split(",", -1)).stream())
        .anyMatch(preference -> preference.strip().equalsIgnoreCase(MINIMAL));
  }
}
