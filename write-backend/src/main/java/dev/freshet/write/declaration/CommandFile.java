package dev.freshet.write.declaration;

import dev.freshet.file.FileForm;
import dev.freshet.file.FileInvalid;
import dev.freshet.file.FileProblem;
import dev.freshet.file.Findings;
import dev.freshet.file.HeadedSql;
import dev.freshet.file.Nearest;
import dev.freshet.file.Section;
import dev.freshet.file.Yaml;
import dev.freshet.file.Yaml.Mark;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.write.declaration.Declaration.Violated;
import dev.freshet.write.declaration.Declaration.Wanted;
import dev.freshet.write.declaration.Input.From;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpMethod;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;
import org.springframework.web.util.pattern.PatternParseException;

/** Reads a command's file, and says all that is wrong with it. */
public final class CommandFile {

  private static final FileForm FORM = FileForm.of(CommandFile.class, "command.schema.json");

  private static final int USUAL_RETRIES = 3;

  private static final Pattern FILE_NAME = Pattern.compile("[a-z0-9][a-z0-9_-]{0,62}");
  private static final Pattern VARIABLE = Pattern.compile("\\{([^{}]*)}");
  private static final Pattern NAME = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]*");
  private static final Pattern TYPE =
      Pattern.compile("[\\p{L}_\"][\\p{L}\\p{N}_\" .]*(\\(\\d+(, ?-?\\d+)?\\))?[\\p{L} ]*(\\[])*");
  private static final Pattern VIOLATED = Pattern.compile("(\\d{3})(?: (/\\S*))? (.*)");

  /**
   * What a path in braces needs quotes for within braces, as in {@code { created: 201 /a/{id} }}.
   */
  private static final Pattern BARE_LOCATION =
      Pattern.compile(
          "(?<=[:{,]\\s)(\\d{3} /(?:[^\\s{},\"']|\\{\\w+})*\\{\\w+}(?:[^\\s{},\"']|\\{\\w+})*)");

  private static final Pattern ANSWER = Pattern.compile("(?m)^[ \\t]*answer:\\s*\\{.*$");

  /** Paths of a backend's own. */
  private static final List<String> TAKEN = List.of("/.freshet", "/actuator", "/openapi.json");

  private final String name;
  private final HeadedSql file;
  private final Section header;
  private final Findings findings = new Findings();
  private final Map<String, Input> inputs = new LinkedHashMap<>();
  private final List<String> pathNames = new ArrayList<>();

  private CommandFile(String name, HeadedSql file) {
    this.name = name;
    this.file = file;
    this.header = Section.of(file.header());
  }

  /**
   * Reads a file's text.
   *
   * @param name the file's, without {@code .sql}
   * @throws FileInvalid when it can't be used
   */
  public static Declaration read(String name, String text) {
    try {
      if (!FILE_NAME.matcher(name).matches()) {
        throw FileInvalid.at(
            Mark.START,
            "a command is named by its file: lower-case letters, digits, - and _, at most 63");
      }
      HeadedSql file = HeadedSql.of(quoted(text));
      FORM.check(file.header());
      return new CommandFile(name, file).declaration();
    } catch (FileInvalid e) {
      throw asWritten(e, text).in(name + ".sql");
    }
  }

  /** YAML's own rules ask for quotes where nobody expects them. */
  private static String quoted(String text) {
    Matcher answer = answer(text);
    return answer.find()
        ? text.substring(0, answer.start())
            + BARE_LOCATION.matcher(answer.group()).replaceAll("\"$1\"")
            + text.substring(answer.end())
        : text;
  }

  /** The line of the header with an answer in braces. */
  private static Matcher answer(String text) {
    int end = text.indexOf("*/");
    return ANSWER.matcher(text).region(0, end < 0 ? 0 : end);
  }

  /** The places without those quotes. */
  private static FileInvalid asWritten(FileInvalid invalid, String text) {
    Matcher answer = answer(text);
    if (!answer.find()) {
      return invalid;
    }
    int line = 1 + (int) text.substring(0, answer.start()).chars().filter(c -> c == '\n').count();
    List<MatchResult> bare = BARE_LOCATION.matcher(answer.group()).results().toList();
    return new FileInvalid(
        invalid.problems().stream()
            .map(
                problem -> {
                  int column = problem.column();
                  for (MatchResult location : bare) {
                    column -= problem.line() == line && column > location.start() + 1 ? 1 : 0;
                    column -= problem.line() == line && column > location.end() + 1 ? 1 : 0;
                  }
                  return new FileProblem(problem.line(), column, problem.message());
                })
            .toList());
  }

  private Declaration declaration() {
    String[] request = header.requiredText("request").split(" ", 2);
    Optional<PathPattern> path = path(request[1]);
    readInputs("path", From.PATH);
    readInputs("query", From.QUERY);
    BodyForm body = header.get("body").map(yaml -> BodySchema.read(yaml, findings)).orElse(null);
    findings.refuse();
    readMembers(body);
    Statement state = header.scalar("state").map(this::state).orElse(null);
    Map<String, Integer> problems = problems();
    Answer answer = answer();
    List<Statement> statements =
        file.statements().stream().map(part -> Statement.of(part.sql(), part.start())).toList();
    Declaration.Rules rules = rules(request[0], state);
    new StatementChecks(file, inputs, body, findings).check(statements, state, answer);
    if (state == null && header.get("state-missing").isPresent()) {
      findings.add(header.at("state-missing"), "there is no state that could be missing");
    }
    findings.refuse();
    return new Declaration(
        name,
        file,
        HttpMethod.valueOf(request[0]),
        path.orElseThrow(),
        inputs,
        body,
        header.texts("scopes"),
        state,
        header.get("state-missing").isPresent(),
        constraints(),
        problems,
        rules,
        answer,
        statements);
  }

  private Optional<PathPattern> path(String written) {
    Mark at = header.at("request");
    String text = written.strip();
    Matcher variables = VARIABLE.matcher(text);
    while (variables.find()) {
      String variable = variables.group(1);
      if (!NAME.matcher(variable).matches()) {
        findings.add(at, "'{%s}' is no variable of a path; write {name}".formatted(variable));
      } else if (pathNames.contains(variable)) {
        findings.add(at, "the path has {%s} twice".formatted(variable));
      } else {
        pathNames.add(variable);
      }
    }
    if (text.contains("*") || text.contains("?")) {
      findings.add(at, "a command's path has no * and no ?; write variables as {name}");
    }
    TAKEN.stream()
        .filter(own -> text.equals(own) || text.startsWith(own + "/"))
        .forEach(own -> findings.add(at, "%s is a path of the backend's own".formatted(own)));
    try {
      return Optional.of(PathPatternParser.defaultInstance.parse(text));
    } catch (PatternParseException e) {
      findings.add(at, "this is no path: " + e.getMessage());
      return Optional.empty();
    }
  }

  private void readInputs(String key, From from) {
    Map<String, Yaml> types = header.section(key).map(Section::values).orElse(Map.of());
    if (from == From.PATH) {
      types.forEach(
          (variable, type) -> {
            if (!pathNames.contains(variable)) {
              findings.add(
                  keyAt(key, variable),
                  "the path has no {%s}%s".formatted(variable, Nearest.of(variable, pathNames)));
            }
          });
      pathNames.forEach(
          variable -> {
            Yaml type = types.get(variable);
            add(
                variable,
                from,
                type == null ? "text" : type((Yaml.Scalar) type),
                type == null ? header.at("request") : type.at());
          });
    } else {
      types.forEach(
          (parameter, type) ->
              add(parameter, from, type((Yaml.Scalar) type), keyAt(key, parameter)));
    }
  }

  private void readMembers(@Nullable BodyForm body) {
    Map<String, Yaml> types = header.section("types").map(Section::values).orElse(Map.of());
    Map<String, @Nullable String> members = body == null ? Map.of() : body.types();
    types.forEach(
        (member, type) -> {
          if (!members.containsKey(member)) {
            findings.add(
                keyAt("types", member),
                "the body's schema has no property '%s'%s"
                    .formatted(member, Nearest.of(member, members.keySet())));
          }
        });
    members.forEach(
        (member, type) -> {
          Yaml written = types.get(member);
          // Others are part of :body alone.
          if (NAME.matcher(member).matches()) {
            add(
                member,
                From.BODY,
                written == null ? type : type((Yaml.Scalar) written),
                written == null ? memberAt(member) : written.at());
          }
        });
  }

  private Mark memberAt(String member) {
    return header
        .section("body")
        .flatMap(body -> body.section("properties"))
        .map(properties -> properties.mapping().entries().get(member))
        .map(Yaml.Entry::keyAt)
        .orElse(header.at("body"));
  }

  private Mark keyAt(String key, String inner) {
    return header
        .section(key)
        .map(section -> section.mapping().entries().get(inner))
        .map(Yaml.Entry::keyAt)
        .orElse(header.at(key));
  }

  private void add(String input, From from, @Nullable String type, Mark at) {
    if (!NAME.matcher(input).matches()) {
      findings.add(
          at, "'%s' can't be written as :name; use letters, digits and _".formatted(input));
    } else if (Names.RESERVED.contains(input)) {
      findings.add(
          at, "'%s' means something else in every command; take another name".formatted(input));
    } else if (inputs.putIfAbsent(input, new Input(input, from, type, at)) != null) {
      findings.add(
          at,
          "'%s' is in two places of the request, so that :%s could mean either; take another name"
              .formatted(input, input));
    }
  }

  /** A type is spliced into statements: nothing else looks like one. */
  private @Nullable String type(Yaml.Scalar written) {
    String type = written.written().strip();
    if (!TYPE.matcher(type).matches()) {
      findings.add(written.at(), "'%s' is no type of PostgreSQL".formatted(type));
      return null;
    }
    return type;
  }

  /** Its place is exact where it is written as one line. */
  private Statement state(Yaml.Scalar written) {
    String sql = written.written().strip().replaceFirst(";$", "");
    int start = file.offset(written.at());
    int exact = file.text().indexOf(sql.lines().findFirst().orElse(""), start);
    return Statement.of(sql, exact < 0 ? start : exact);
  }

  private Map<String, Violated> constraints() {
    Map<String, Violated> constraints = new LinkedHashMap<>();
    header
        .section("constraints")
        .map(Section::values)
        .orElse(Map.of())
        .forEach(
            (constraint, written) -> {
              Matcher parts = VIOLATED.matcher(Section.text((Yaml.Scalar) written));
              if (parts.matches()) {
                constraints.put(
                    constraint,
                    new Violated(Integer.parseInt(parts.group(1)), parts.group(2), parts.group(3)));
              }
            });
    return constraints;
  }

  private Map<String, Integer> problems() {
    Set<String> ours =
        Arrays.stream(ProblemCode.values())
            .map(ProblemCode::code)
            .collect(Collectors.toCollection(TreeSet::new));
    Map<String, Integer> problems = new LinkedHashMap<>();
    header
        .section("problems")
        .map(Section::values)
        .orElse(Map.of())
        .forEach(
            (code, status) -> {
              if (ours.contains(code)) {
                findings.add(
                    keyAt("problems", code),
                    "'%s' is a code of Freshet's own, with a status of its own".formatted(code));
              }
              problems.put(code, Integer.valueOf(Section.text((Yaml.Scalar) status)));
            });
    return problems;
  }

  private Declaration.Rules rules(String method, @Nullable Statement state) {
    Wanted ifMatch = wanted("if-match", Wanted.OPTIONAL);
    if (ifMatch == Wanted.REQUIRED && state == null) {
      findings.add(
          header.at("if-match"), "there is no state whose version If-Match could be held against");
    }
    return new Declaration.Rules(
        wanted("idempotency", method.equals("POST") ? Wanted.OPTIONAL : Wanted.NONE),
        ifMatch,
        header.text("isolation").stream().anyMatch("serializable"::equals),
        header.text("retry").map(Integer::valueOf).orElse(USUAL_RETRIES),
        header.get("retry").isPresent(),
        header.text("role").orElse(null),
        header.get("audit").map(CommandFile::audited).orElse(null));
  }

  private static Declaration.Audited audited(Yaml written) {
    if (written instanceof Yaml.Scalar scalar) {
      return new Declaration.Audited(Boolean.TRUE.equals(scalar.value()), false, List.of());
    }
    Section said = Section.of(written);
    return new Declaration.Audited(
        true, said.text("content").stream().anyMatch("true"::equals), said.texts("mask"));
  }

  private Wanted wanted(String key, Wanted usual) {
    return header
        .text(key)
        .map(text -> Wanted.valueOf(text.toUpperCase(Locale.ROOT)))
        .orElse(usual);
  }

  private Answer answer() {
    Optional<Yaml> written = header.get("answer");
    if (written.isEmpty()) {
      return new Answer(null, new Answer.Told(200, null, header.at()));
    }
    if (written.get() instanceof Yaml.Scalar one) {
      return new Answer(null, told(one));
    }
    Section both = Section.of(written.get());
    Optional<Yaml.Scalar> made = both.scalar("created");
    Optional<Yaml.Scalar> otherwise = both.scalar("else");
    if (made.isEmpty() || otherwise.isEmpty()) {
      findings.add(both.at(), "an answer by the column created has two: created and else");
      return new Answer(null, new Answer.Told(200, null, both.at()));
    }
    return new Answer(told(made.get()), told(otherwise.get()));
  }

  private Answer.Told told(Yaml.Scalar written) {
    String[] parts = Section.text(written).strip().split("\\s+", 2);
    String location = parts.length > 1 ? parts[1] : null;
    int status = parts[0].matches("\\d{3}") ? Integer.parseInt(parts[0]) : 0;
    if (!Set.of(200, 201, 204).contains(status) || (status != 201 && location != null)) {
      findings.add(
          written.at(),
          "'%s' is no answer; write 200, 204 or 201 /path/of/{id}".formatted(written.written()));
    } else if (location != null && !location.startsWith("/")) {
      findings.add(written.at(), "the path of what was made begins with /");
    }
    return new Answer.Told(status, location, written.at());
  }
}
