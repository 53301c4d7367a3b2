package dev.freshet.write.check;

import dev.freshet.write.declaration.Statement;
import java.sql.Connection;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** Has the primary prepare statements, without running them. */
final class Describer {

  /** "could not determine data type of parameter $1", in any language. */
  private static final String INDETERMINATE = "42P18";

  private static final Pattern NUMBER = Pattern.compile("\\$(\\d+)");

  private static final String TEXT = "text";

  /** The driver's names of columns that count by themselves. */
  private static final Map<String, String> SERIALS =
      Map.of("serial", "int4", "bigserial", "int8", "smallserial", "int2", "char", "\"char\"");

  private final Connection connection;

  Describer(Connection connection) {
    this.connection = connection;
  }

  /** A statement that the server does not take, and where in the file that is. */
  static final class NotTaken extends Exception {

    private static final long serialVersionUID = 1L;

    private final int offset;
    private final String state;
    private final String said;

    NotTaken(SQLException cause, ServerErrorMessage error, int offset) {
      super(cause);
      this.offset = offset;
      this.state = String.valueOf(cause.getSQLState());
      String message = String.valueOf(error.getMessage());
      this.said = error.getHint() == null ? message : "%s (%s)".formatted(message, error.getHint());
    }

    int offset() {
      return offset;
    }

    String state() {
      return state;
    }

    /** The server's sentence, with its hint. */
    String said() {
      return said;
    }
  }

  /**
   * Has a statement prepared. Parameters whose type nothing tells are texts.
   *
   * @param typeOf the types of values by name; null where PostgreSQL is to infer it
   * @throws NotTaken when the server does not understand it
   * @throws SQLException when there is no telling
   */
  PreparedSql describe(Statement statement, Function<String, @Nullable String> typeOf)
      throws NotTaken, SQLException {
    List<@Nullable String> types = new ArrayList<>();
    statement.parameters().forEach(parameter -> types.add(typeOf.apply(parameter.name())));
    NotTaken first = null;
    for (int round = 0; round <= types.size() + 1; round++) {
      try {
        return described(statement, Rendering.of(statement, types), types);
      } catch (NotTaken e) {
        first = first == null ? e : first;
        int unknown = indeterminate(e);
        if (unknown >= 0 && unknown < types.size() && types.get(unknown) == null) {
          types.set(unknown, TEXT);
        } else if (types.contains(null)) {
          Collections.replaceAll(types, null, TEXT);
        } else {
          break;
        }
      }
    }
    if (first == null) {
      throw new IllegalStateException("A statement was neither taken nor refused");
    }
    throw first;
  }

  /**
   * The same within a WITH.
   *
   * @param plain the statement itself, described
   * @param select what is asked of {@code "freshet answer"}
   */
  PreparedSql describe(Statement statement, PreparedSql plain, String select)
      throws NotTaken, SQLException {
    List<@Nullable String> types = new ArrayList<>();
    plain.bindings().forEach(binding -> types.add(binding.type()));
    return described(statement, Rendering.of(statement, types, select), types);
  }

  private static int indeterminate(NotTaken e) {
    Matcher number = NUMBER.matcher(e.said());
    return e.state().equals(INDETERMINATE) && number.find()
        ? Integer.parseInt(number.group(1)) - 1
        : -1;
  }

  private PreparedSql described(
      Statement statement, Rendering rendering, List<@Nullable String> types)
      throws NotTaken, SQLException {
    try (PreparedStatement prepared = connection.prepareStatement(rendering.sql())) {
      for (int i = 1; i <= types.size(); i++) {
        prepared.setNull(i, Types.OTHER);
      }
      ParameterMetaData parameters = prepared.getParameterMetaData();
      List<Binding> bindings = new ArrayList<>();
      for (int i = 0; i < types.size(); i++) {
        String known = types.get(i);
        bindings.add(
            new Binding(
                statement.parameters().get(i).name(),
                known != null ? known : castable(parameters.getParameterTypeName(i + 1))));
      }
      return new PreparedSql(rendering.sql(), bindings, columns(prepared.getMetaData()));
    } catch (SQLException e) {
      ServerErrorMessage error = e instanceof PSQLException p ? p.getServerErrorMessage() : null;
      if (error == null) {
        throw e;
      }
      int position = error.getPosition();
      throw new NotTaken(
          e, error, position > 0 ? rendering.fileOffset(position) : statement.start());
    }
  }

  private static List<Column> columns(@Nullable ResultSetMetaData result) throws SQLException {
    List<Column> columns = new ArrayList<>();
    if (result != null) {
      for (int i = 1; i <= result.getColumnCount(); i++) {
        columns.add(new Column(result.getColumnLabel(i), castable(result.getColumnTypeName(i))));
      }
    }
    return columns;
  }

  private static String castable(String type) {
    return SERIALS.getOrDefault(type, type);
  }

  /** Whether there is such a type. */
  boolean isType(String type) throws SQLException {
    try (PreparedStatement prepared = connection.prepareStatement("select null::" + type)) {
      prepared.getMetaData();
      return true;
    } catch (SQLException e) {
      if (e instanceof PSQLException p && p.getServerErrorMessage() != null) {
        return false;
      }
      throw e;
    }
  }
}
