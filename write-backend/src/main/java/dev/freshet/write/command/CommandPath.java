package dev.freshet.write.command;

import dev.freshet.postgres.PrimaryPosition;
import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.protocol.TraceMessage;
import dev.freshet.runtime.Deadline;
import dev.freshet.runtime.ProblemResponses;
import dev.freshet.runtime.RequestScope;
import dev.freshet.runtime.trace.TraceParent;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;
import org.springframework.web.reactive.function.server.HandlerFunction;
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
public final class CommandPath {

  /** The timer of all commands. */
  static final String TIMER = "freshet.commands";

  private static final Logger log = LoggerFactory.getLogger(CommandPath.class);

  /** SQLSTATE class of values that can't be read or stored, such as a NUL character in a text. */
  private static final String DATA_EXCEPTION = "22";

  /** SQLSTATE class of deadlocks and serialization failures. */
  private static final String TRANSACTION_ROLLBACK = "40";

  /**
   * SQLSTATE class of a disk that is full, memory that is spent, connections that are all taken.
   */
  private static final String INSUFFICIENT_RESOURCES = "53";

  private static final String TOO_MANY_CONNECTIONS = "53300";

  private static final String QUERY_CANCELED = "57014";

  private final DataSource primary;
  private final ProblemResponses problems;
  private final JsonMapper strictJson;
  private final Scheduler blocking;
  private final MeterRegistry meters;

  public CommandPath(
      DataSource primary,
      ProblemResponses problems,
      JsonMapper json,
      Scheduler blocking,
      MeterRegistry meters) {
    this.primary = primary;
    this.problems = problems;
    this.strictJson =
        json.rebuild()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();
    this.blocking = blocking;
    this.meters = meters;
  }

  /** Handles a command that takes a body, checked against the schema of the command's name. */
  public HandlerFunction<ServerResponse> withBody(String name, Command command) {
    CommandSchema schema = CommandSchema.named(name);
    return request ->
        request
            .bodyToMono(byte[].class)
            .defaultIfEmpty(new byte[0])
            .publishOn(blocking)
            .flatMap(
                body ->
                    RequestScope.during(
                        request, () -> answer(name, request, checked(body, schema), command)));
  }

  /** Handles a command that has no body: its path says all. */
  public HandlerFunction<ServerResponse> withoutBody(String name, Command command) {
    Body none = new Body.Accepted(MissingNode.getInstance());
    return request ->
        Mono.defer(() -> RequestScope.during(request, () -> answer(name, request, none, command)))
            .subscribeOn(blocking);
  }

  private sealed interface Body {
    record Accepted(JsonNode json) implements Body {}

    record Rejected(Outcome.Refused refusal) implements Body {}
  }

  private Body checked(byte[] bytes, CommandSchema schema) {
    JsonNode json;
    try {
      json = strictJson.readTree(bytes);
    } catch (JacksonException e) {
      return malformed(e.getOriginalMessage().lines().findFirst().orElse("it can't be read"));
    }
    if (json == null || json.isMissingNode()) {
      return malformed("it is empty");
    }
    List<Problem.Violation> violations = schema.violations(json);
    return violations.isEmpty()
        ? new Body.Accepted(json)
        : new Body.Rejected(Outcome.Refused.invalid(violations));
  }

  private static Body malformed(String why) {
    return new Body.Rejected(
        Outcome.Refused.of(
            ProblemCode.MALFORMED_JSON, "The body must be one JSON document: " + why + "."));
  }

  /** Decides on one connection: transaction first, then the position that it reached. */
  private Mono<ServerResponse> answer(
      String name, ServerRequest request, Body body, Command command) {
    Timer.Sample started = Timer.start(meters);
    Outcome outcome;
    Position position = null;
    try (Connection connection = primary.getConnection()) {
      outcome = decide(connection, request, body, command);
      position = positionAfter(name, connection);
    } catch (SQLException e) {
      log.warn("{} failed: {}", name, e.getMessage());
      outcome = refusal(e);
    } catch (OutcomeUnknown e) {
      log.warn("{}: the connection broke at the commit", name, e);
      outcome =
          Outcome.Refused.of(
              ProblemCode.OUTCOME_UNKNOWN,
              "The connection to the primary broke while the change was being committed. It may have happened; read before trying again.");
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
    return response(outcome, position);
  }

  /**
   * Where the log is once the transaction has ended. What was decided stands, also when this can't
   * be told any more; the answer then has no position.
   */
  private static @Nullable Position positionAfter(String name, Connection connection) {
    try {
      connection.setAutoCommit(true);
      return PrimaryPosition.ask(connection);
    } catch (SQLException e) {
      log.warn("{}: the position after it can't be told: {}", name, e.getMessage());
      return null;
    }
  }

  private static Outcome decide(
      Connection connection, ServerRequest request, Body body, Command command)
      throws SQLException {
    return switch (body) {
      case Body.Rejected(Outcome.Refused refusal) -> refusal;
      case Body.Accepted(JsonNode json) -> {
        Command.Input input =
            new Command.Input(
                request.pathVariables(),
                json,
                Precondition.ifMatch(request.headers().firstHeader(HttpHeaders.IF_MATCH)));
        try {
          yield inTransaction(connection, input, command, Deadline.of(request));
        } catch (SQLException e) {
          if (isConnectionFailure(e)) {
            throw e;
          }
          // The connection is sound: the answer has its position, as other refusals do.
          log.warn("{} {} failed: {}", request.method(), request.path(), e.getMessage());
          yield refusal(e);
        }
      }
    };
  }

  /** A statement that waits for longer than anybody waits for it, for a lock say, is given up. */
  private static Outcome inTransaction(
      Connection connection, Command.Input input, Command command, Deadline deadline)
      throws SQLException {
    connection.setAutoCommit(false);
    Outcome outcome;
    try {
      try (Statement bound = connection.createStatement()) {
        bound.execute(beginning(deadline));
      }
      JdbcClient db = JdbcClient.create(new SingleConnectionDataSource(connection, true));
      outcome = command.decide(db, input);
    } catch (DataAccessException e) {
      connection.rollback();
      if (e.getCause() instanceof SQLException cause) {
        throw cause;
      }
      throw e;
    } catch (RuntimeException e) {
      connection.rollback();
      throw e;
    }
    switch (outcome) {
      case Outcome.Done ignored -> commit(connection);
      case Outcome.Refused ignored -> connection.rollback();
    }
    return outcome;
  }

  /** In one round trip: how long it may take, and which trace it is part of. */
  private static String beginning(Deadline deadline) {
    String limit = "set local statement_timeout = " + deadline.millisLeft();
    return TraceParent.current().map(trace -> limit + "; " + TraceMessage.sql(trace)).orElse(limit);
  }

  private static void commit(Connection connection) throws SQLException {
    try {
      connection.commit();
    } catch (SQLException e) {
      if (isConnectionFailure(e)) {
        throw new OutcomeUnknown(e);
      }
      throw e;
    }
  }

  /** What a failure that rolled everything back means for the client. */
  private static Outcome.Refused refusal(SQLException e) {
    if (isConnectionFailure(e)) {
      return Outcome.Refused.of(
          ProblemCode.DATABASE_UNAVAILABLE,
          "The primary can't be reached. Nothing was written; try again later.");
    }
    if (QUERY_CANCELED.equals(e.getSQLState())) {
      return Outcome.Refused.of(
          ProblemCode.BACKEND_TIMEOUT,
          "The primary took longer than there was time, for a lock perhaps. Nothing was written; try again.");
    }
    return switch (String.valueOf(e.getSQLState()).substring(0, 2)) {
      case DATA_EXCEPTION ->
          Outcome.Refused.of(
              ProblemCode.INVALID, "A value can't be stored: %s".formatted(e.getMessage()));
      case INSUFFICIENT_RESOURCES ->
          Outcome.Refused.of(
              ProblemCode.DATABASE_UNAVAILABLE,
              (TOO_MANY_CONNECTIONS.equals(e.getSQLState())
                      ? "No connection to the primary is free."
                      : "The primary is out of disk or memory.")
                  + " Nothing was written; try again later.");
      case TRANSACTION_ROLLBACK ->
          Outcome.Refused.of(
              ProblemCode.CONFLICT,
              "Another change came in between. Nothing was written; try again.");
      default ->
          Outcome.Refused.of(
              ProblemCode.INTERNAL, "Nothing was written; the write-backend's log says why.");
    };
  }

  /** Class 08, or no state at all, is the connection; 57P is the server going away. */
  private static boolean isConnectionFailure(SQLException e) {
    String state = e.getSQLState();
    return state == null || state.startsWith("08") || state.startsWith("57P");
  }

  private Mono<ServerResponse> response(Outcome outcome, @Nullable Position position) {
    ServerResponse.BodyBuilder answer;
    byte[] body = null;
    switch (outcome) {
      case Outcome.Refused(Problem problem) -> {
        answer = problems.status(problem);
        body = problems.body(problem);
        if (problem.code() == ProblemCode.DATABASE_UNAVAILABLE) {
          answer.header(HttpHeaders.RETRY_AFTER, "1");
        }
      }
      case Outcome.Done done -> {
        answer = ServerResponse.status(done.status());
        if (done.body() != null) {
          answer.contentType(MediaType.APPLICATION_JSON);
          body = strictJson.writeValueAsBytes(done.body());
        }
        if (done.version() != null) {
          answer.eTag(Precondition.tag(done.version()));
        }
        if (done.location() != null) {
          answer.location(URI.create(done.location()));
        }
      }
    }
    if (position != null) {
      answer.header(FreshetHeaders.POSITION, position.toString());
    }
    return body == null ? answer.build() : answer.bodyValue(body);
  }

  private static final class OutcomeUnknown extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OutcomeUnknown(SQLException cause) {
      super(cause);
    }
  }
}
