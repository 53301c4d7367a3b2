package dev.freshet.write.check;

import dev.freshet.file.SqlTokens;
import dev.freshet.file.SqlTokens.Token;
import dev.freshet.write.declaration.Statement;
import dev.freshet.write.declaration.Statement.Parameter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A statement as the driver takes it: a question mark for each parameter, cast to its type where
 * that is known. It remembers where in the file everything is from.
 */
final class Rendering {

  /** A piece that stands in another's place. */
  private record Edit(int start, int end, String driver, String server) {}

  private final Statement statement;
  private final List<Edit> edits = new ArrayList<>();
  private final StringBuilder driver = new StringBuilder();

  /** Where pieces of the file begin in the text that the server gets, and where in the file. */
  private final NavigableMap<Integer, Integer> places = new TreeMap<>();

  private int serverLength;

  private Rendering(Statement statement) {
    this.statement = statement;
  }

  /**
   * Renders a statement.
   *
   * @param types of its parameters, one by one; null where PostgreSQL infers it
   */
  static Rendering of(Statement statement, List<@Nullable String> types) {
    Rendering rendering = new Rendering(statement);
    rendering.parameters(types);
    rendering.render();
    return rendering;
  }

  /**
   * Renders it within a WITH, by the name {@code "freshet answer"}.
   *
   * @param select what is asked of it
   */
  static Rendering of(Statement statement, List<@Nullable String> types, String select) {
    Rendering rendering = new Rendering(statement);
    rendering.parameters(types);
    int main = mainStart(statement);
    String begin = (main == 0 ? "with " : ", ") + "\"freshet answer\" as (";
    rendering.edits.add(new Edit(main, main, begin, begin));
    String end = ") " + select;
    int length = statement.sql().length();
    rendering.edits.add(new Edit(length, length, end, end));
    rendering.render();
    return rendering;
  }

  /** Where the statement itself begins, behind its WITH. */
  private static int mainStart(Statement statement) {
    List<Token> tokens = statement.tokens();
    if (!tokens.getFirst().isWord("with")) {
      return 0;
    }
    for (int i = 1; i < tokens.size(); i++) {
      Token token = tokens.get(i);
      if (token.isSymbol("(")) {
        if (tokens.get(i - 1).isSymbol(")")) {
          return before(tokens, i);
        }
        i = SqlTokens.closing(tokens, i);
      } else if (token.kind() == SqlTokens.Kind.WORD
          && List.of("select", "insert", "update", "delete", "merge", "values", "table")
              .contains(token.text())
          && tokens.get(i - 1).isSymbol(")")) {
        return before(tokens, i);
      }
    }
    return 0;
  }

  /** Right behind the token before, so that a comment in between is behind the comma. */
  private static int before(List<Token> tokens, int index) {
    return tokens.get(index - 1).end();
  }

  private void parameters(List<@Nullable String> types) {
    int number = 0;
    for (Parameter parameter : statement.parameters()) {
      String type = types.get(number++);
      edits.add(
          type == null
              ? new Edit(parameter.start(), parameter.end(), " ? ", " $" + number + " ")
              : new Edit(
                  parameter.start(),
                  parameter.end(),
                  "(?::%s)".formatted(type),
                  "($%d::%s)".formatted(number, type)));
    }
    for (Token token : statement.tokens()) {
      if (token.isSymbol("?")) {
        edits.add(new Edit(token.start(), token.end(), "??", "?"));
      }
    }
  }

  private void render() {
    edits.sort(Comparator.comparingInt(Edit::start));
    int at = 0;
    for (Edit edit : edits) {
      verbatim(at, edit.start());
      places.put(serverLength, edit.start());
      driver.append(edit.driver());
      serverLength += edit.server().codePointCount(0, edit.server().length());
      at = edit.end();
    }
    verbatim(at, statement.sql().length());
  }

  private void verbatim(int from, int to) {
    if (from < to) {
      String text = statement.sql().substring(from, to);
      places.put(serverLength, from);
      driver.append(text);
      serverLength += text.codePointCount(0, text.length());
    }
  }

  /** The text for the driver. */
  String sql() {
    return driver.toString();
  }

  /**
   * Where in the file the server means.
   *
   * @param position in the text that it got, from 1, in characters
   */
  int fileOffset(int position) {
    var piece = places.floorEntry(Math.max(0, position - 1));
    if (piece == null) {
      return statement.start();
    }
    boolean isEdit =
        edits.stream().anyMatch(e -> e.start() == piece.getValue() && e.end() > e.start());
    int within = isEdit ? 0 : position - 1 - piece.getKey();
    return statement.start() + Math.min(statement.sql().length(), piece.getValue() + within);
  }
}
