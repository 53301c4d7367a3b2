package dev.freshet.write.check;

import dev.freshet.file.FileProblem;
import dev.freshet.file.SqlTokens;
import dev.freshet.file.SqlTokens.Token;
import dev.freshet.write.declaration.Declaration;
import dev.freshet.write.declaration.Names;
import dev.freshet.write.declaration.Statement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Warns of commands that check, then write, with nothing to keep others from changing in between
 * what was checked: no lock, no constraint, no version that the write asks for, and no serializable
 * isolation. It goes by the text, and stays silent where it can't tell.
 */
final class Races {

  private static final String ADVICE =
      "; lock it (FOR UPDATE, FOR SHARE), rely on a constraint, or write isolation: serializable";

  private final Declaration command;
  private final List<CheckedCommand.Step> steps;
  private final Catalogue catalogue;

  Races(Declaration command, List<CheckedCommand.Step> steps, Catalogue catalogue) {
    this.command = command;
    this.steps = steps;
    this.catalogue = catalogue;
  }

  List<FileProblem> warnings() throws SQLException {
    Statement state = command.state();
    boolean writes = command.statements().stream().anyMatch(Statement::writes);
    if (!writes
        || command.rules().isSerializable()
        || !command.constraints().isEmpty()
        || (state != null && (state.locks() || isHeldAgainst()))) {
      return List.of();
    }
    List<FileProblem> warnings = new ArrayList<>();
    Set<String> settled = new TreeSet<>();
    for (int i = 0; i < steps.size(); i++) {
      Statement statement = command.statements().get(i);
      boolean isRefusal = steps.get(i) instanceof CheckedCommand.Step.Refusal;
      if (isRefusal && state != null && namesState(statement)) {
        warnings.add(
            command
                .file()
                .mark(state.start())
                .problem(
                    "the state is decided on, and others may change it before this command writes"
                        + ADVICE));
      } else if (isRefusal && !statement.locks()) {
        Set<String> open = tables(statement);
        open.removeAll(settled);
        if (!open.isEmpty()) {
          warnings.add(
              command
                  .file()
                  .mark(statement.start())
                  .problem(
                      "others may change %s between this check and what the command writes%s"
                          .formatted(String.join(" and ", open), ADVICE)));
        }
      } else if (statement.locks() || statement.writes()) {
        settled.addAll(tables(statement));
      }
    }
    return warnings.stream().distinct().toList();
  }

  private static boolean namesState(Statement statement) {
    return statement.parameters().stream()
        .anyMatch(parameter -> parameter.name().startsWith(Names.STATE + "."));
  }

  /** Whether a write names the version that the state had: it fails, or finds no row, later on. */
  private boolean isHeldAgainst() {
    return command.statements().stream()
        .filter(Statement::writes)
        .anyMatch(statement -> statement.parameters().stream().anyMatch(Races::isVersion));
  }

  /** A state of several rows has a version of each, as {@code from_version}. */
  private static boolean isVersion(Statement.Parameter parameter) {
    return parameter.name().startsWith(Names.STATE + ".")
        && parameter.name().endsWith(CommandCheck.VERSION);
  }

  /** Relations that stand behind FROM, JOIN, INTO or UPDATE. */
  private Set<String> tables(Statement statement) throws SQLException {
    List<Token> tokens = statement.tokens();
    Set<String> names = new TreeSet<>();
    for (int i = 0; i + 1 < tokens.size(); i++) {
      boolean isBefore =
          List.of("from", "join", "into", "update", "using").stream()
              .anyMatch(tokens.get(i)::isWord);
      if (isBefore && tokens.get(i + 1).isName()) {
        names.add(name(statement, tokens, i + 1));
      }
    }
    return catalogue.relations(names);
  }

  private static String name(Statement statement, List<Token> tokens, int at) {
    int end = at;
    while (end + 2 < tokens.size()
        && tokens.get(end + 1).isSymbol(".")
        && tokens.get(end + 2).kind() != SqlTokens.Kind.SYMBOL) {
      end += 2;
    }
    return statement.sql().substring(tokens.get(at).start(), tokens.get(end).end());
  }
}
