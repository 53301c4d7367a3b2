package dev.freshet.write.run;

import dev.freshet.postgres.WriteProblems;
import dev.freshet.protocol.Problem.Violation;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.write.check.Binding;
import dev.freshet.write.check.CheckedCommand;
import dev.freshet.write.declaration.BodyForm;
import dev.freshet.write.declaration.Input;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds out which values of a request PostgreSQL could not read. It is asked only once it has said
 * that there is one, so that a command that goes well costs nothing for it.
 */
final class Probe {

  private final CheckedCommand command;
  private final Arguments arguments;
  private final Connection connection;
  private final boolean isNested;

  Probe(CheckedCommand command, Arguments arguments, Connection connection, Mode mode) {
    this.isNested = mode == Mode.NESTED;
    this.command = command;
    this.arguments = arguments;
    this.connection = connection;
  }

  /** What to answer; empty when all values can be read, so that it was about something else. */
  Optional<Outcome.Refused> refusal(String target) throws SQLException {
    List<Violation> violations = new ArrayList<>();
    for (Binding binding : bindings()) {
      Optional<Input> input = command.declaration().input(binding.name());
      String value = arguments.text(binding.name());
      if (input.isEmpty() || value == null) {
        continue;
      }
      Optional<String> objection = objection(binding.type(), value);
      if (objection.isEmpty()) {
        continue;
      }
      switch (input.get().from()) {
        case PATH -> {
          return Optional.of(nothingAt(target));
        }
        case QUERY -> {
          return Optional.of(
              Outcome.Refused.of(
                  ProblemCode.BAD_VALUE,
                  "The query's %s can't be read: %s.".formatted(binding.name(), objection.get())));
        }
        case BODY ->
            violations.add(new Violation(BodyForm.child("", binding.name()), objection.get()));
      }
    }
    return violations.isEmpty()
        ? Optional.empty()
        : Optional.of(Outcome.Refused.invalid(violations.stream().distinct().toList()));
  }

  static Outcome.Refused nothingAt(String target) {
    return Outcome.Refused.of(ProblemCode.NOT_FOUND, "There is nothing at %s.".formatted(target));
  }

  private Set<Binding> bindings() {
    Set<Binding> bindings = new LinkedHashSet<>();
    if (command.state() != null) {
      bindings.addAll(command.state().bindings());
    }
    command.steps().stream().flatMap(step -> step.sql().bindings().stream()).forEach(bindings::add);
    // The path's first: what is not there has no body that could be wrong.
    return Stream.concat(
            bindings.stream().filter(this::isOfPath), bindings.stream().filter(b -> !isOfPath(b)))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private boolean isOfPath(Binding binding) {
    return command
        .declaration()
        .input(binding.name())
        .filter(input -> input.from() == Input.From.PATH)
        .isPresent();
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private Optional<String> objection(String type, String value) throws SQLException {
    if (isNested) {
      execute("savepoint freshet_probe");
    }
    try (PreparedStatement statement = connection.prepareStatement("select ?::" + type)) {
      statement.setObject(1, value, Types.OTHER);
      statement.execute();
      return Optional.empty();
    } catch (SQLException e) {
      if (isNested) {
        execute("rollback to savepoint freshet_probe");
      }
      if (WriteProblems.isOfConnection(e)) {
        throw e;
      }
      return Optional.of(WriteProblems.message(e));
    }
  }
}
