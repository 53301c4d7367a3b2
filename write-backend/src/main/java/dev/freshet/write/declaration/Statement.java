package dev.freshet.write.declaration;

import dev.freshet.file.SqlTokens;
import dev.freshet.file.SqlTokens.Kind;
import dev.freshet.file.SqlTokens.Token;
import java.util.ArrayList;
import java.util.List;

/**
 * One statement of a command, as it is written.
 *
 * @param sql its text, with its parameters in it
 * @param start where it begins in the file, in characters
 * @param parameters in their order
 */
public record Statement(String sql, int start, List<Parameter> parameters) {

  public Statement {
    parameters = List.copyOf(parameters);
  }

  /**
   * A place where a value is bound.
   *
   * @param name without its colon; {@code state.x} and {@code last.x} for columns of rows
   * @param start where it begins in the statement, its colon included
   * @param end behind its end
   */
  public record Parameter(String name, int start, int end) {

    /** Whether a column of another row is meant. */
    boolean isOf(String row) {
      return name.startsWith(row + ".");
    }
  }

  static Statement of(String sql, int start) {
    List<Parameter> parameters = new ArrayList<>();
    List<Token> tokens = SqlTokens.of(sql);
    for (int i = 0; i < tokens.size(); i++) {
      Token token = tokens.get(i);
      if (token.kind() != Kind.PARAMETER) {
        continue;
      }
      boolean isRow = token.text().equals(Names.STATE) || token.text().equals(Names.LAST);
      if (isRow
          && i + 2 < tokens.size()
          && tokens.get(i + 1).isSymbol(".")
          && tokens.get(i + 2).isName()) {
        Token column = tokens.get(i + 2);
        parameters.add(
            new Parameter(token.text() + "." + column.text(), token.start(), column.end()));
      } else {
        parameters.add(new Parameter(token.text(), token.start(), token.end()));
      }
    }
    return new Statement(sql, start, parameters);
  }

  /** Its tokens, without space and comments. */
  public List<Token> tokens() {
    return SqlTokens.of(sql);
  }

  /** Whether it locks rows that it reads. */
  public boolean locks() {
    List<Token> tokens = tokens();
    for (int i = 0; i + 1 < tokens.size(); i++) {
      Token next = tokens.get(i + 1);
      if (tokens.get(i).isWord("for")
          && (next.isWord("update")
              || next.isWord("share")
              || next.isWord("no")
              || next.isWord("key"))) {
        return true;
      }
    }
    return false;
  }

  /** Whether it may write: a word of a writing statement stands at its beginning or in its WITH. */
  public boolean writes() {
    List<Token> tokens = tokens();
    return List.of("insert", "update", "delete", "merge").stream()
            .anyMatch(tokens.getFirst()::isWord)
        || (tokens.getFirst().isWord("with")
            && tokens.stream()
                .anyMatch(
                    t ->
                        t.isWord("insert")
                            || t.isWord("delete")
                            || t.isWord("merge")
                            || (t.isWord("update") && !locks())));
  }
}
