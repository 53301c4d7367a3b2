package dev.freshet.sync.analysis;

import dev.freshet.file.SqlTokens;
import dev.freshet.file.SqlTokens.Kind;
import dev.freshet.file.SqlTokens.Token;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SyncRefused;
import java.util.List;
import java.util.Set;

/** The one SELECT that a model's text has to be. */
final class OneStatement {

  private static final Set<String> BEGINNINGS = Set.of("select", "with", "values", "table", "(");

  private OneStatement() {}

  /**
   * The text without what ends a statement.
   *
   * @throws SyncRefused when it is none, or more than one
   */
  static String of(ReadModel model) {
    List<Token> tokens = SqlTokens.of(model.select());
    if (tokens.isEmpty() || !BEGINNINGS.contains(tokens.getFirst().text())) {
      throw new SyncRefused("Model %s is not a SELECT.".formatted(model.name()));
    }
    String select = SqlTokens.statement(model.select());
    if (SqlTokens.of(select).stream().anyMatch(token -> token.isSymbol(";"))) {
      throw new SyncRefused(
          "Model %s has more than one statement; a model is one SELECT.".formatted(model.name()));
    }
    return select;
  }

  /** The literals, as they are written. */
  static List<String> literals(String sql) {
    return SqlTokens.of(sql).stream()
        .filter(token -> token.kind() == Kind.STRING)
        .map(Token::text)
        .toList();
  }
}
