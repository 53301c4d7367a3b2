package dev.freshet.write.declaration;

import dev.freshet.file.Findings;
import dev.freshet.file.HeadedSql;
import dev.freshet.file.Nearest;
import dev.freshet.file.SqlTokens;
import dev.freshet.file.SqlTokens.Token;
import dev.freshet.write.declaration.Statement.Parameter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What can be said of a command's statements without a database. */
final class StatementChecks {

  private static final Set<String> ALLOWED =
      Set.of("select", "with", "insert", "update", "delete", "merge", "values", "table");

  private static final Set<String> OF_TRANSACTIONS =
      Set.of(
          "begin",
          "start",
          "commit",
          "end",
          "rollback",
          "abort",
          "savepoint",
          "release",
          "prepare");

  private static final Set<String> OF_SETTINGS = Set.of("set", "reset", "discard", "show");

  private final HeadedSql file;
  private final Map<String, Input> inputs;
  private final @Nullable BodyForm body;
  private final Findings findings;

  /**
   * Checks statements.
   *
   * @param inputs that they may name
   */
  StatementChecks(
      HeadedSql file, Map<String, Input> inputs, @Nullable BodyForm body, Findings findings) {
    this.file = file;
    this.inputs = Map.copyOf(inputs);
    this.body = body;
    this.findings = findings;
  }

  void check(List<Statement> statements, @Nullable Statement state, Answer answer) {
    if (state != null) {
      check(state, null, false);
      if (!state.tokens().isEmpty()
          && (state.writes() || !isOneOf(state.tokens().getFirst(), Set.of("select", "with")))) {
        at(state, 0, "a state is a SELECT");
      }
    }
    if (statements.isEmpty()) {
      at(file.text().length(), "there is no statement; write what the command does");
    }
    for (int i = 0; i < statements.size(); i++) {
      check(statements.get(i), state, i > 0);
    }
    if (answer.made() != null && answer.made().status() == 204) {
      findings.add(answer.made().at(), "what was made is answered with 201 or 200");
    }
  }

  private void check(Statement statement, @Nullable Statement state, boolean hasLast) {
    List<Token> tokens = statement.tokens();
    SqlTokens.unclosed(statement.sql())
        .ifPresent(start -> at(statement, start, "nothing closes what begins here"));
    if (tokens.isEmpty()) {
      at(statement, 0, "there is no statement here");
      return;
    }
    Token first = tokens.getFirst();
    if (!isOneOf(first, ALLOWED)) {
      at(statement, first.start(), refusal(first.text().toLowerCase(Locale.ROOT)));
    }
    for (int i = 0; i < tokens.size(); i++) {
      Token token = tokens.get(i);
      if (token.isWord("into")
          && (i == 0 || !isOneOf(tokens.get(i - 1), Set.of("insert", "merge")))) {
        at(statement, token.start(), "SELECT INTO makes a table; a command makes none");
      }
      if (token.isName()
          && token.text().startsWith("dblink")
          && i + 1 < tokens.size()
          && tokens.get(i + 1).isSymbol("(")) {
        at(statement, token.start(), "dblink writes outside the command's transaction");
      }
      if (token.isSymbol("$")
          && i + 1 < tokens.size()
          && tokens.get(i + 1).start() == token.end()) {
        at(statement, token.start(), "values have names here; write :name");
      }
    }
    for (Parameter parameter : statement.parameters()) {
      meaning(parameter, state, hasLast).ifPresent(why -> at(statement, parameter.start(), why));
    }
  }

  private static boolean isOneOf(Token token, Set<String> words) {
    return token.kind() == SqlTokens.Kind.WORD && words.contains(token.text());
  }

  private static String refusal(String word) {
    if (OF_TRANSACTIONS.contains(word)) {
      return "a command is one transaction, which Freshet begins and ends; take %s out"
          .formatted(word);
    }
    if (OF_SETTINGS.contains(word)) {
      return "a command changes no settings; take %s out".formatted(word);
    }
    return "%s can't stand in a command; write SELECT, INSERT, UPDATE, DELETE or MERGE"
        .formatted(word);
  }

  /** Why a name means nothing here. */
  private Optional<String> meaning(
      Parameter parameter, @Nullable Statement state, boolean hasLast) {
    String name = parameter.name();
    String why = null;
    if (name.equals(Names.STATE) || name.equals(Names.LAST)) {
      why = ":%1$s is a row; name a column, as in :%1$s.version".formatted(name);
    } else if (parameter.isOf(Names.STATE)) {
      why = state == null ? "there is no state here" : null;
    } else if (parameter.isOf(Names.LAST)) {
      why = hasLast ? null : "there is no statement before this one";
    } else if (name.equals(Names.BODY)) {
      why = body == null ? "the header says nothing of a body" : null;
    } else if (!Names.RESERVED.contains(name) && !inputs.containsKey(name)) {
      Set<String> known = new TreeSet<>(inputs.keySet());
      why =
          "nothing is called :%s%s"
              .formatted(
                  name,
                  known.isEmpty()
                      ? "; declare it under path, query or body"
                      : Nearest.of(name, known));
    }
    return Optional.ofNullable(why);
  }

  private void at(Statement statement, int offset, String message) {
    at(statement.start() + offset, message);
  }

  private void at(int offset, String message) {
    findings.add(file.mark(Math.min(offset, file.text().length())), message);
  }
}
