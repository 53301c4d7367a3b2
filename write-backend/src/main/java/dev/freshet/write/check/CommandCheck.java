package dev.freshet.write.check;

import dev.freshet.file.FileInvalid;
import dev.freshet.file.Findings;
import dev.freshet.file.Nearest;
import dev.freshet.file.Section;
import dev.freshet.file.Yaml.Mark;
import dev.freshet.write.check.CheckedCommand.Step;
import dev.freshet.write.declaration.Answer;
import dev.freshet.write.declaration.Declaration;
import dev.freshet.write.declaration.Declaration.Wanted;
import dev.freshet.write.declaration.Input;
import dev.freshet.write.declaration.Names;
import dev.freshet.write.declaration.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Checks a command against the primary, where each of its statements is prepared. */
public final class CommandCheck {

  /** The column by which a statement refuses. */
  public static final String REFUSED = "refused";

  /** The column behind the entity tag. */
  public static final String VERSION = "version";

  private static final Set<String> OF_REFUSALS =
      new TreeSet<>(Set.of(REFUSED, "detail", "pointer", "message"));

  private static final Set<String> WHOLE = Set.of("int2", "int4", "int8", "numeric");

  private static final Map<String, String> RESERVED =
      Map.of(
          Names.BODY,
          "jsonb",
          Names.CLAIMS,
          "jsonb",
          Names.PRINCIPAL,
          "text",
          Names.NOW,
          "timestamptz");

  private final Declaration command;
  private final Describer describer;
  private final Catalogue catalogue;
  private final Findings findings = new Findings();

  private CommandCheck(Declaration command, Connection connection) {
    this.command = command;
    this.describer = new Describer(connection);
    this.catalogue = new Catalogue(connection);
  }

  /**
   * Checks a command.
   *
   * @param connection to the primary, in no transaction
   * @throws FileInvalid when the primary can't answer it, with the places in its file
   * @throws SQLException when the primary can't be asked
   */
  public static CheckedCommand check(Declaration command, Connection connection)
      throws SQLException {
    try {
      return new CommandCheck(command, connection).checked();
    } catch (FileInvalid e) {
      throw e.in(command.fileName());
    }
  }

  private CheckedCommand checked() throws SQLException {
    checkNames();
    findings.refuse();
    PreparedSql state = command.state() == null ? null : state(command.state());
    List<Step> steps = new ArrayList<>();
    List<Column> last = List.of();
    int count = command.statements().size();
    for (int i = 0; i < count; i++) {
      Statement statement = command.statements().get(i);
      Optional<PreparedSql> plain = prepared(statement, state, last);
      if (plain.isEmpty()) {
        break; // what follows may only be wrong because of it
      }
      boolean isLast = i == count - 1;
      boolean isRefusal =
          !plain.get().columns().isEmpty()
              && plain.get().columns().getFirst().name().equals(REFUSED);
      if (isRefusal) {
        checkRefusal(statement, plain.get());
        steps.add(new Step.Refusal(plain.get()));
        last = List.of();
        if (isLast && !command.answer().hasNoBody()) {
          at(statement, "the last statement refuses; write one behind it whose row is the answer");
        }
      } else if (isLast) {
        reply(statement, plain.get()).ifPresent(steps::add);
      } else {
        checkUse(i, statement);
        steps.add(new Step.Action(plain.get()));
        last = plain.get().columns();
      }
    }
    findings.refuse();
    return new CheckedCommand(
        command,
        state,
        steps,
        catalogue.streams(),
        new Races(command, steps, catalogue).warnings());
  }

  private void checkNames() throws SQLException {
    for (Input input : command.inputs().values()) {
      String type = input.type();
      if (type != null && !describer.isType(type)) {
        findings.add(input.at(), "there is no type %s".formatted(type));
      }
    }
    Section header = Section.of(command.file().header());
    if (!command.constraints().isEmpty()) {
      Set<String> there = catalogue.constraints();
      for (String constraint : command.constraints().keySet()) {
        if (!there.contains(constraint)) {
          String near = Nearest.of(constraint, there);
          findings.add(
              header
                  .section("constraints")
                  .map(section -> keyAt(section, constraint))
                  .orElse(Mark.START),
              "there is no constraint and no unique index %s%s"
                  .formatted(constraint, near.startsWith("; did") ? near : ""));
        }
      }
    }
    String role = command.rules().role();
    if (role != null && !catalogue.mayBecome(role)) {
      findings.add(
          header.at("role"),
          "the login can't become %s; make the role, and grant it to the login".formatted(role));
    }
  }

  private static Mark keyAt(Section section, String key) {
    var entry = section.mapping().entries().get(key);
    return entry == null ? section.at() : entry.keyAt();
  }

  private PreparedSql state(Statement state) throws SQLException {
    PreparedSql prepared =
        prepared(state, null, List.of()).orElse(new PreparedSql("", List.of(), List.of()));
    findings.refuse();
    checkColumns(state, prepared);
    Optional<Column> version =
        prepared.columns().stream().filter(column -> column.name().equals(VERSION)).findFirst();
    boolean isCounted = version.filter(column -> WHOLE.contains(column.type())).isPresent();
    if (command.rules().ifMatch() == Wanted.REQUIRED && !isCounted) {
      at(state, "If-Match is held against a column version of whole numbers, which this has not");
    }
    findings.refuse();
    return prepared;
  }

  private Optional<PreparedSql> prepared(
      Statement statement, @Nullable PreparedSql state, List<Column> last) throws SQLException {
    Map<String, String> types = new TreeMap<>(RESERVED);
    if (state != null) {
      state
          .columns()
          .forEach(column -> types.put(Names.STATE + "." + column.name(), column.type()));
    }
    last.forEach(column -> types.put(Names.LAST + "." + column.name(), column.type()));
    int before = findings.count();
    for (Statement.Parameter parameter : statement.parameters()) {
      for (String row : List.of(Names.STATE, Names.LAST)) {
        if (parameter.name().startsWith(row + ".") && !types.containsKey(parameter.name())) {
          List<String> columns =
              types.keySet().stream()
                  .filter(name -> name.startsWith(row + "."))
                  .map(name -> name.substring(row.length() + 1))
                  .toList();
          findings.add(
              command.file().mark(statement.start() + parameter.start()),
              columns.isEmpty()
                  ? "the statement before returns no row that :last could be"
                  : "%s has no column %s%s"
                      .formatted(
                          row.equals(Names.STATE) ? "the state" : "the row of the statement before",
                          parameter.name().substring(row.length() + 1),
                          Nearest.of(parameter.name().substring(row.length() + 1), columns)));
        }
      }
    }
    if (findings.count() > before) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          describer.describe(
              statement,
              name ->
                  types.containsKey(name)
                      ? types.get(name)
                      : command.input(name).map(Input::type).orElse(null)));
    } catch (Describer.NotTaken e) {
      findings.add(command.file().mark(e.offset()), e.said());
      return Optional.empty();
    }
  }

  private void checkColumns(Statement statement, PreparedSql prepared) {
    Set<String> names = new HashSet<>();
    for (Column column : prepared.columns()) {
      if (!names.add(column.name())) {
        at(
            statement,
            "its result has two columns %s; give one another name".formatted(column.name()));
      }
      if (column.name().equals("?column?")) {
        at(statement, "a column of its result has no name; name it with AS");
      }
    }
  }

  private void checkRefusal(Statement statement, PreparedSql prepared) {
    for (Column column : prepared.columns()) {
      if (!OF_REFUSALS.contains(column.name())) {
        at(
            statement,
            "a refusal has no column %s; it has %s"
                .formatted(column.name(), String.join(", ", OF_REFUSALS)));
      }
    }
    if (prepared.has("pointer") != prepared.has("message")) {
      at(statement, "a refusal has pointer and message, or neither");
    }
    var tokens = statement.tokens();
    if (tokens.size() > 2
        && tokens.getFirst().isWord("select")
        && tokens.get(1).kind() == dev.freshet.file.SqlTokens.Kind.STRING
        && tokens.get(1).text().startsWith("'")) {
      String code = tokens.get(1).text().replaceAll("^'|'$", "");
      if (Codes.of(code, command.problems()).isEmpty()) {
        findings.add(
            command.file().mark(statement.start() + tokens.get(1).start()),
            "'%s' is no code; declare it with its status, as in problems: { %s: 409 }"
                .formatted(code, code));
      }
    }
  }

  /** A SELECT whose row nobody takes, and that does nothing else. */
  private void checkUse(int index, Statement statement) throws SQLException {
    Statement next = command.statements().get(index + 1);
    boolean isTaken =
        next.parameters().stream()
            .anyMatch(parameter -> parameter.name().startsWith(Names.LAST + "."));
    if (!isTaken
        && !statement.writes()
        && !statement.locks()
        && !catalogue.mayDoSomething(statement)) {
      at(
          statement,
          "this changes nothing, locks nothing and refuses nothing, and nobody takes its row as :last; take it out");
    }
  }

  private Optional<Step> reply(Statement statement, PreparedSql plain) throws SQLException {
    Answer answer = command.answer();
    checkColumns(statement, plain);
    if (plain.columns().isEmpty()) {
      if (!answer.hasNoBody()) {
        at(
            statement,
            "the last statement returns no row for the answer; add RETURNING, or write answer: 204 in the header");
        return Optional.empty();
      }
      return Optional.of(new Step.Reply(plain, List.of(), List.of()));
    }
    if (answer.made() != null
        && plain.columns().stream()
            .noneMatch(c -> c.name().equals(Answer.CREATED) && c.type().equals("bool"))) {
      findings.add(
          answer.made().at(),
          "the last statement has no boolean column created, by which to answer");
    }
    List<String> told = new ArrayList<>();
    for (Answer.Told one :
        answer.made() == null ? List.of(answer.usual()) : List.of(answer.made(), answer.usual())) {
      for (String name : one.names()) {
        if (plain.has(name)) {
          told.add(name);
        } else if (command.input(name).filter(input -> input.from() == Input.From.PATH).isEmpty()) {
          findings.add(
              one.at(),
              "neither the last statement's row nor the path has {%s}%s"
                  .formatted(
                      name, Nearest.of(name, plain.columns().stream().map(Column::name).toList())));
        }
      }
    }
    if (findings.count() > 0) {
      return Optional.empty();
    }
    List<String> distinct = told.stream().distinct().toList();
    try {
      return Optional.of(
          new Step.Reply(
              describer.describe(statement, plain, select(plain, distinct)),
              plain.columns(),
              distinct));
    } catch (Describer.NotTaken e) {
      findings.add(command.file().mark(e.offset()), e.said());
      return Optional.empty();
    }
  }

  private String select(PreparedSql plain, List<String> told) {
    List<String> columns = new ArrayList<>();
    columns.add(
        command.answer().hasNoBody()
            ? "null as body"
            : "(select row_to_json(\"freshet row\")::text from (select %s) \"freshet row\") as body"
                .formatted(
                    String.join(
                        ", ",
                        plain.columns().stream()
                            .filter(
                                c ->
                                    command.answer().made() == null
                                        || !c.name().equals(Answer.CREATED))
                            .map(c -> "\"freshet answer\"." + quoted(c.name()))
                            .toList())));
    columns.add(plain.has(VERSION) ? "\"freshet answer\".version::text" : "null as version");
    columns.add(
        command.answer().made() == null ? "null as created" : "\"freshet answer\".created::text");
    told.forEach(
        name ->
            columns.add(
                "\"freshet answer\".%s::text as %s"
                    .formatted(quoted(name), quoted("{" + name + "}"))));
    return "select %s from \"freshet answer\"".formatted(String.join(", ", columns));
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  private void at(Statement statement, String message) {
    findings.add(command.file().mark(statement.start()), message);
  }
}
