package dev.freshet.write.run;

import dev.freshet.postgres.WriteProblems;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.Problem.Violation;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.runtime.Deadline;
import dev.freshet.write.check.CheckedCommand;
import dev.freshet.write.check.CheckedCommand.Step;
import dev.freshet.write.check.Codes;
import dev.freshet.write.check.CommandCheck;
import dev.freshet.write.check.PreparedSql;
import dev.freshet.write.declaration.Answer;
import dev.freshet.write.declaration.Declaration;
import dev.freshet.write.declaration.Names;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.util.UriUtils;

/** Runs one command on one connection. */
public final class CommandRun {

  private static final Logger log = LoggerFactory.getLogger(CommandRun.class);

  /** More than one is too many of a row; of refusals nobody reads more. */
  private static final int MOST_REASONS = 200;

  private static final Duration FIRST_PAUSE = Duration.ofMillis(2);
  private static final Duration MOST_PAUSE = Duration.ofMillis(100);

  private final CheckedCommand command;
  private final Declaration declaration;
  private final Request request;
  private final Connection connection;
  private final Keys keys;
  private final @Nullable Audit audit;
  private final Mode mode;
  private final Observer observer;

  /**
   * What a client asks for.
   *
   * @param target path and query, for messages
   * @param meta what events say of where they come from, an object
   * @param entry for the audit; null for none
   * @param key null without one
   * @param arguments made when they are needed; the same each time but for rows
   */
  public record Request(
      Client client,
      String target,
      String meta,
      Audit.@Nullable Entry entry,
      Preconditions preconditions,
      Keys.@Nullable Key key,
      Supplier<Arguments> arguments,
      Deadline deadline) {}

  /** A run that is committed. */
  public CommandRun(
      CheckedCommand command, Request request, Connection connection, Keys keys, Audit audit) {
    this(command, request, connection, keys, audit, Mode.COMMITTED, Observer.NONE);
  }

  /** A run of which somebody sees the statements. */
  public CommandRun(
      CheckedCommand command,
      Request request,
      Connection connection,
      Keys keys,
      @Nullable Audit audit,
      Mode mode,
      Observer observer) {
    this.audit = audit;
    this.mode = mode;
    this.observer = observer;
    this.command = command;
    this.declaration = command.declaration();
    this.request = request;
    this.connection = connection;
    this.keys = keys;
  }

  /**
   * Decides, and commits what was decided. What comes in between others is tried again, as often as
   * the command says and for as long as somebody waits.
   *
   * @throws SQLException when the connection is lost, with nothing written
   * @throws OutcomeUnknown when it is lost at the commit
   */
  public Outcome run() throws SQLException {
    for (int tries = 0; ; tries++) {
      Arguments arguments = request.arguments().get();
      SQLException failure;
      try (Transaction transaction =
          new Transaction(
              connection,
              mode,
              observer,
              declaration.rules().isSerializable(),
              request.client(),
              request.meta(),
              request.deadline())) {
        Outcome outcome = decide(transaction, arguments);
        if (outcome instanceof Outcome.Done done && !done.isReplayed()) {
          transaction.commit();
        }
        return outcome;
      } catch (SQLException e) {
        failure = e;
      }
      if (WriteProblems.isOfConnection(failure)) {
        throw failure;
      }
      boolean isOver = request.deadline().left().isNegative();
      if (isOver || tries >= declaration.rules().retries() || !isWorthRetrying(failure)) {
        log.debug("{}: {}", declaration.name(), failure.getMessage());
        return refusal(failure, arguments);
      }
      pause(tries);
    }
  }

  /** Those who met once would meet again, if they came back at once. */
  private static void pause(int tries) {
    long most = Math.min(MOST_PAUSE.toNanos(), FIRST_PAUSE.toNanos() << Math.min(tries, 10));
    LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(most));
  }

  private boolean isWorthRetrying(SQLException e) {
    return Failures.isWorthRetrying(e)
        || WriteProblems.isOfConstraint(e, Keys.PRIMARY_KEY)
        || (declaration.rules().retriesLostRaces()
            && command.streams().stream().anyMatch(key -> WriteProblems.isOfConstraint(e, key)));
  }

  private Outcome refusal(SQLException e, Arguments arguments) throws SQLException {
    if (Failures.isOfData(e)) {
      Optional<Outcome.Refused> found =
          new Probe(command, arguments, connection, mode).refusal(request.target());
      if (found.isPresent()) {
        return found.get();
      }
    }
    return Failures.refusal(e, declaration);
  }

  private Outcome decide(Transaction transaction, Arguments arguments) throws SQLException {
    Keys.Key key = request.key();
    if (key != null) {
      Optional<Outcome> known = known(transaction, key);
      if (known.isPresent()) {
        return known.get();
      }
    }
    if (!arguments.violations().isEmpty()) {
      return Outcome.Refused.invalid(arguments.violations());
    }
    String role =
        declaration.rules().role() != null ? declaration.rules().role() : request.client().role();
    if (role != null) {
      transaction.become(role);
    }
    Optional<Outcome.Refused> refused = state(transaction, arguments);
    if (refused.isPresent()) {
      return refused.get();
    }
    Outcome outcome = steps(transaction, arguments);
    if (key != null && outcome instanceof Outcome.Done done) {
      keys.keep(transaction, key, done);
    }
    if (audit != null && request.entry() != null && outcome instanceof Outcome.Done done) {
      audit.done(transaction, request.entry(), done.status());
    }
    return outcome;
  }

  private Optional<Outcome> known(Transaction transaction, Keys.Key key) throws SQLException {
    return switch (keys.lock(transaction, key)) {
      case Keys.Found.Fresh() -> Optional.empty();
      case Keys.Found.Taken() ->
          Optional.of(
              Outcome.Refused.of(
                  ProblemCode.IN_PROGRESS,
                  "A request with this Idempotency-Key is under way. Wait for its answer, or send it again later."));
      case Keys.Found.Done(String fingerprint, Outcome.Done done) ->
          Optional.of(
              fingerprint.equals(key.fingerprint())
                  ? done
                  : Outcome.Refused.of(
                      ProblemCode.IDEMPOTENCY_MISMATCH,
                      "This Idempotency-Key came with another request before. Take a new key for each."));
    };
  }

  /** Reads the state; a reason to refuse, if it is one. */
  private Optional<Outcome.Refused> state(Transaction transaction, Arguments arguments)
      throws SQLException {
    PreparedSql state = command.state();
    if (state == null) {
      return Optional.empty();
    }
    List<Map<String, @Nullable String>> rows = transaction.rows(state, arguments, 2);
    if (rows.size() > 1) {
      log.error("{}: its state has several rows; make its SELECT find one", declaration.name());
      return Optional.of(Outcome.Refused.ofOurs());
    }
    if (rows.isEmpty() && !declaration.stateMayBeMissing()) {
      return Optional.of(Probe.nothingAt(request.target()));
    }
    Map<String, @Nullable String> row = rows.isEmpty() ? Map.of() : rows.getFirst();
    arguments.row(Names.STATE, row);
    return declaration.rules().ifMatch() == Declaration.Wanted.NONE
        ? Optional.empty()
        : request.preconditions().refuse(!rows.isEmpty(), row.get(CommandCheck.VERSION));
  }

  private Outcome steps(Transaction transaction, Arguments arguments) throws SQLException {
    for (Step step : command.steps()) {
      switch (step) {
        case Step.Refusal(PreparedSql sql) -> {
          Optional<Outcome.Refused> refused =
              refused(transaction.rows(sql, arguments, MOST_REASONS));
          if (refused.isPresent()) {
            return refused.get();
          }
        }
        case Step.Action(PreparedSql sql) -> {
          List<Map<String, @Nullable String>> rows = transaction.rows(sql, arguments, 2);
          arguments.row(Names.LAST, rows.isEmpty() ? nulls(sql) : rows.getFirst());
        }
        case Step.Reply reply -> {
          return answer(reply, transaction.rows(reply.sql(), arguments, 2), arguments);
        }
      }
    }
    return new Outcome.Done(204, null, null, null, false); // the last one might have refused
  }

  private static Map<String, @Nullable String> nulls(PreparedSql sql) {
    Map<String, @Nullable String> row = new HashMap<>();
    sql.columns().forEach(column -> row.put(column.name(), null));
    return row;
  }

  private Optional<Outcome.Refused> refused(List<Map<String, @Nullable String>> rows) {
    List<Map<String, @Nullable String>> reasons =
        rows.stream().filter(row -> row.get(CommandCheck.REFUSED) != null).toList();
    if (reasons.isEmpty()) {
      return Optional.empty();
    }
    String given = String.valueOf(reasons.getFirst().get(CommandCheck.REFUSED));
    Optional<Problem.Code> code = Codes.of(given, declaration.problems());
    if (code.isEmpty()) {
      log.error(
          "{}: it refuses by the code '{}', which is not declared under problems",
          declaration.name(),
          given);
      return Optional.of(Outcome.Refused.ofOurs());
    }
    List<Violation> violations = new ArrayList<>();
    for (Map<String, @Nullable String> reason : reasons) {
      String pointer = reason.get("pointer");
      String message = reason.get("message");
      if (pointer != null && message != null) {
        violations.add(new Violation(pointer, message));
      }
    }
    String details =
        reasons.stream()
            .map(reason -> reason.get("detail"))
            .filter(detail -> detail != null)
            .distinct()
            .collect(Collectors.joining(" "));
    String detail =
        !details.isEmpty()
            ? details
            : violations.isEmpty() ? code.get().title() + "." : Problem.told(violations);
    return Optional.of(new Outcome.Refused(new Problem(code.get(), detail, violations)));
  }

  private Outcome answer(
      Step.Reply reply, List<Map<String, @Nullable String>> rows, Arguments arguments) {
    Answer answer = declaration.answer();
    if (rows.size() > 1) {
      log.error("{}: its last statement returns several rows", declaration.name());
      return Outcome.Refused.ofOurs();
    }
    if (rows.isEmpty()) {
      return answer.hasNoBody()
          ? new Outcome.Done(204, null, null, null, false)
          : Probe.nothingAt(request.target());
    }
    Map<String, @Nullable String> row = rows.getFirst();
    Answer.Told made = answer.made();
    Answer.Told told =
        made != null && "true".equals(row.get(Answer.CREATED)) ? made : answer.usual();
    String location =
        told.location() == null
            ? null
            : told.location(
                name ->
                    UriUtils.encodePathSegment(
                        String.valueOf(
                            reply.told().contains(name)
                                ? row.get("{" + name + "}")
                                : arguments.text(name)),
                        StandardCharsets.UTF_8));
    return new Outcome.Done(
        told.status(),
        told.status() == 204 ? null : row.get("body"),
        row.get(CommandCheck.VERSION),
        location,
        false);
  }
}
