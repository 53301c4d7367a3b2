package dev.freshet.write.trial;

import dev.freshet.file.FileForm;
import dev.freshet.file.FileInvalid;
import dev.freshet.file.FileProblem;
import dev.freshet.file.Section;
import dev.freshet.file.Yaml;
import dev.freshet.file.YamlReader;
import dev.freshet.postgres.WriteProblems;
import dev.freshet.write.check.CheckedCommand;
import dev.freshet.write.run.Mode;
import dev.freshet.write.run.Observer;
import dev.freshet.write.run.Preconditions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code commands/NAME.test.yaml}: what is given, a request, and what is expected of it. Each test
 * runs in a transaction of its own that is rolled back.
 */
public final class CommandTests {

  private static final FileForm FORM = FileForm.of(CommandTests.class, "command.test.schema.json");

  private static final JsonMapper JSON = JsonMapper.shared();

  private final CheckedCommand command;
  private final Connection connection;
  private final List<FileProblem> failures = new ArrayList<>();

  private CommandTests(CheckedCommand command, Connection connection) {
    this.command = command;
    this.connection = connection;
  }

  /**
   * What came of a file's tests.
   *
   * @param run how many there were
   * @param failures in the file's order; one test may have several
   */
  public record Outcome(int run, List<FileProblem> failures) {}

  /**
   * Runs a file's tests.
   *
   * @param connection to a database with the command's schema, in no transaction
   * @throws FileInvalid when the file's form is not right
   */
  public static Outcome run(String text, CheckedCommand command, Connection connection)
      throws SQLException {
    Yaml file = YamlReader.read(text);
    FORM.check(file);
    Section all = Section.of(file);
    List<Section> tests = all.get("tests").isPresent() ? all.sections("tests") : List.of(all);
    CommandTests run = new CommandTests(command, connection);
    for (Section test : tests) {
      run.test(test);
    }
    return new Outcome(tests.size(), List.copyOf(run.failures));
  }

  private void test(Section test) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("begin");
      try {
        if (given(test, statement)) {
          expect(test, trial(test).run(command, connection, Mode.NESTED, Observer.NONE));
        }
      } finally {
        statement.execute("rollback");
      }
    }
  }

  private boolean given(Section test, Statement statement) throws SQLException {
    String sql = test.text("given").orElse("");
    try {
      statement.execute(sql.isBlank() ? "select 1" : sql);
      return true;
    } catch (SQLException e) {
      if (WriteProblems.isOfConnection(e)) {
        throw e;
      }
      fail(test, test.at("given"), "what is given can't be: " + e.getMessage());
      return false;
    }
  }

  private static Trial trial(Section test) {
    Section request =
        test.section("request").orElseGet(() -> Section.of(new Yaml.Mapping(test.at(), Map.of())));
    return new Trial(
        texts(request, "path"),
        texts(request, "query"),
        request.get("body").map(FileForm::json).orElseGet(JSON::missingNode),
        test.get("claims").map(FileForm::json).orElseGet(JSON::createObjectNode),
        Preconditions.of(
            request.text("if-match").orElse(null), request.text("if-none-match").orElse(null)));
  }

  private static Map<String, String> texts(Section request, String key) {
    Map<String, String> texts = new LinkedHashMap<>();
    request
        .section(key)
        .map(Section::values)
        .orElse(Map.of())
        .forEach(
            (name, value) -> {
              if (value instanceof Yaml.Scalar scalar) {
                texts.put(name, scalar.written());
              }
            });
    return texts;
  }

  private void expect(Section test, Trial.Told told) throws SQLException {
    Section expected = test.section("expect").orElseThrow();
    String status = Integer.toString(told.status());
    if (!expected.requiredText("status").equals(status)) {
      fail(
          test,
          expected.at("status"),
          "the status is %s, not %s: %s"
              .formatted(status, expected.requiredText("status"), told.body()));
      return;
    }
    expected
        .get("body")
        .filter(body -> !isWithin(FileForm.json(body), told.body()))
        .ifPresent(body -> fail(test, body.at(), "the body is " + told.body()));
    expectText(test, expected, "location", told.location());
    expectText(test, expected, "version", told.version());
    Section rows = expected.section("rows").orElse(null);
    if (rows != null) {
      for (Map.Entry<String, Yaml.Entry> query : rows.mapping().entries().entrySet()) {
        expectRows(test, query.getKey(), query.getValue());
      }
    }
  }

  private void expectText(Section test, Section expected, String key, @Nullable String actual) {
    expected
        .text(key)
        .filter(text -> !text.equals(actual))
        .ifPresent(text -> fail(test, expected.at(key), "the %s is %s".formatted(key, actual)));
  }

  private void expectRows(Section test, String sql, Yaml.Entry expected) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("select set_config('role', 'none', true); savepoint freshet_rows");
      try (ResultSet row =
          statement.executeQuery(
              "select coalesce(json_agg(q), '[]')::text from (%s) q".formatted(sql))) {
        row.next();
        JsonNode actual = JSON.readTree(row.getString(1));
        JsonNode wanted = FileForm.json(expected.value());
        if (!isWithin(wanted, actual)) {
          fail(test, expected.keyAt(), "the rows are " + actual);
        }
      } catch (SQLException e) {
        if (WriteProblems.isOfConnection(e)) {
          throw e;
        }
        fail(test, expected.keyAt(), "this can't be asked: " + e.getMessage());
        statement.execute("rollback to savepoint freshet_rows");
      }
    }
  }

  /** Objects may have more members; numbers are compared by value. */
  static boolean isWithin(JsonNode expected, JsonNode actual) {
    if (expected.isObject()) {
      return actual.isObject()
          && expected.properties().stream()
              .allMatch(
                  e -> actual.has(e.getKey()) && isWithin(e.getValue(), actual.get(e.getKey())));
    }
    if (expected.isArray()) {
      if (!actual.isArray() || actual.size() != expected.size()) {
        return false;
      }
      for (int i = 0; i < expected.size(); i++) {
        if (!isWithin(expected.get(i), actual.get(i))) {
          return false;
        }
      }
      return true;
    }
    if (expected.isNumber() && actual.isNumber()) {
      return expected.decimalValue().compareTo(actual.decimalValue()) == 0;
    }
    return Objects.equals(expected, actual);
  }

  private void fail(Section test, Yaml.Mark at, String message) {
    failures.add(at.problem(test.text("name").map(name -> name + ": ").orElse("") + message));
  }
}
