package dev.freshet.write.declaration;

import dev.freshet.file.HeadedSql;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpMethod;
import org.springframework.web.util.pattern.PathPattern;

/**
 * One command, as its file declares it.
 *
 * @param name the file's
 * @param file its text
 * @param method of its requests
 * @param path of its requests
 * @param inputs what a request brings, by name
 * @param body the form of its body; null for a command without one
 * @param scopes of which a client must have each
 * @param state of the row that is decided on; null where there is none
 * @param stateMayBeMissing whether it is decided without that row, too
 * @param constraints what a violated constraint answers, by its name
 * @param problems codes of the application's own, with their statuses
 * @param rules how it is run
 * @param answer of what was done
 * @param statements in their order; at least one
 */
public record Declaration(
    String name,
    HeadedSql file,
    HttpMethod method,
    PathPattern path,
    Map<String, Input> inputs,
    @Nullable BodyForm body,
    List<String> scopes,
    @Nullable Statement state,
    boolean stateMayBeMissing,
    Map<String, Violated> constraints,
    Map<String, Integer> problems,
    Rules rules,
    Answer answer,
    List<Statement> statements) {

  public Declaration {
    inputs = Map.copyOf(inputs);
    scopes = List.copyOf(scopes);
    constraints = Map.copyOf(constraints);
    problems = Map.copyOf(problems);
    statements = List.copyOf(statements);
  }

  /** Whether something is asked of a client. */
  public enum Wanted {
    REQUIRED,
    OPTIONAL,
    NONE
  }

  /**
   * How a command is run.
   *
   * @param idempotency whether clients send {@code Idempotency-Key}
   * @param ifMatch whether they send {@code If-Match}
   * @param isSerializable whether its transactions are
   * @param retries how often it is tried again at most
   * @param retriesLostRaces whether also after a lost race on an event stream
   * @param role as whom its statements run; null for the client's
   * @param audit what is noted of it; null where the file says nothing of that
   */
  public record Rules(
      Wanted idempotency,
      Wanted ifMatch,
      boolean isSerializable,
      int retries,
      boolean retriesLostRaces,
      @Nullable String role,
      @Nullable Audited audit) {}

  /**
   * What is noted of commands.
   *
   * @param isNoted whether they are at all
   * @param hasContent whether with their bodies
   * @param masked JSON Pointers to what is left out of these
   */
  public record Audited(boolean isNoted, boolean hasContent, List<String> masked) {

    public Audited {
      masked = List.copyOf(masked);
    }
  }

  /**
   * What a violated constraint answers.
   *
   * @param status 400 to 499
   * @param pointer into the body; null where none is to blame
   */
  public record Violated(int status, @Nullable String pointer, String message) {}

  /** As its requests are written. */
  public String request() {
    return method + " " + path.getPatternString();
  }

  /** The value that a statement means by a name, if a request brings it. */
  public Optional<Input> input(String name) {
    return Optional.ofNullable(inputs.get(name));
  }

  /** The file's name, as messages have it. */
  public String fileName() {
    return name + ".sql";
  }
}
