package dev.freshet.write.trial;

import dev.freshet.protocol.Problem;
import dev.freshet.runtime.Deadline;
import dev.freshet.write.check.CheckedCommand;
import dev.freshet.write.run.Arguments;
import dev.freshet.write.run.Client;
import dev.freshet.write.run.CommandRun;
import dev.freshet.write.run.Keys;
import dev.freshet.write.run.Mode;
import dev.freshet.write.run.Observer;
import dev.freshet.write.run.Outcome;
import dev.freshet.write.run.Preconditions;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A request that an author makes up.
 *
 * @param path the path's variables
 * @param query the query's parameters
 * @param body a missing node for none
 * @param claims an object; empty for a client that nobody knows
 */
public record Trial(
    Map<String, String> path,
    Map<String, String> query,
    JsonNode body,
    JsonNode claims,
    Preconditions preconditions) {

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  public Trial {
    path = Map.copyOf(path);
    query = Map.copyOf(query);
  }

  /** What came of it: a status, and the answer's document. */
  public record Told(
      int status, JsonNode body, @Nullable String version, @Nullable String location) {

    static Told of(Outcome outcome) {
      return switch (outcome) {
        case Outcome.Refused(Problem problem) ->
            new Told(problem.code().status(), JSON.valueToTree(problem.members()), null, null);
        case Outcome.Done done ->
            new Told(
                done.status(),
                done.body() == null ? JSON.missingNode() : JSON.readTree(done.body()),
                done.version(),
                done.location());
      };
    }
  }

  /**
   * Runs it.
   *
   * @param connection in a transaction, for {@link Mode#NESTED}, else in none
   */
  public Told run(CheckedCommand command, Connection connection, Mode mode, Observer observer)
      throws SQLException {
    Instant now = Instant.now();
    Client client =
        new Client(
            claims.path("sub").isString() ? claims.path("sub").stringValue() : null,
            claims.toString(),
            Set.of(),
            claims.path("role").isString() ? claims.path("role").stringValue() : null);
    CommandRun.Request request =
        new CommandRun.Request(
            client,
            command.declaration().path().getPatternString(),
            "{}",
            null,
            preconditions,
            null,
            () -> Arguments.of(command.declaration(), path, query, body, client, now),
            Deadline.in(PATIENCE));
    return Told.of(
        new CommandRun(command, request, connection, new Keys(PATIENCE), null, mode, observer)
            .run());
  }
}
