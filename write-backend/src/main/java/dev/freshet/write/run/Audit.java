package dev.freshet.write.run;

import dev.freshet.write.declaration.Declaration;
import dev.freshet.write.declaration.Declaration.Audited;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Notes commands in a table: those that were done in their own transactions, refused ones in one of
 * their own. A read model may show it.
 */
public final class Audit {

  /** The table. Its position is where the log was just before the commit. */
  public static final String TABLE =
      """
      create table if not exists command_audit (
        id bigint primary key generated always as identity, at timestamptz not null default clock_timestamp(),
        principal text, command text not null, target text not null, outcome text not null, status int not null,
        request text, position text, content jsonb)
      """;

  private static final String INSERT =
      """
      insert into command_audit (principal, command, target, outcome, status, request, position, content)
      values (?, ?, ?, ?, ?::int, ?, pg_current_wal_insert_lsn()::text, ?::jsonb)""";

  private static final String DONE = "done";
  private static final String MASK = "***";

  private final boolean isOfAll;

  /**
   * Notes what the files ask for.
   *
   * @param isOfAll whether also commands whose files say nothing of it
   */
  public Audit(boolean isOfAll) {
    this.isOfAll = isOfAll;
  }

  /** Makes the table where there is none. */
  public static void make(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(TABLE);
    }
  }

  /**
   * Who does what.
   *
   * @param target the request's path
   * @param request its ID, if it has one
   * @param body as it came
   */
  public record Entry(
      Declaration command,
      @Nullable String principal,
      String target,
      @Nullable String request,
      JsonNode body) {}

  /** Whether anything is noted of a command. */
  public boolean notes(Declaration command) {
    return audited(command).isNoted();
  }

  private Audited audited(Declaration command) {
    Audited said = command.rules().audit();
    return said != null ? said : new Audited(isOfAll, false, List.of());
  }

  /** Notes that it is done, with the next statement, as the login itself. */
  void done(Transaction transaction, Entry entry, int status) {
    if (notes(entry.command())) {
      transaction.become("none");
      transaction.first(INSERT, values(entry, DONE, status).toArray(String[]::new));
    }
  }

  /** Notes that it was refused. */
  public void refused(Connection connection, Entry entry, String code, int status)
      throws SQLException {
    if (!notes(entry.command())) {
      return;
    }
    try (PreparedStatement statement = connection.prepareStatement(INSERT)) {
      List<@Nullable String> values = values(entry, code, status);
      for (int i = 0; i < values.size(); i++) {
        statement.setObject(i + 1, values.get(i), Types.OTHER);
      }
      statement.executeUpdate();
    }
  }

  private List<@Nullable String> values(Entry entry, String outcome, int status) {
    List<@Nullable String> values = new ArrayList<>();
    values.add(entry.principal());
    values.add(entry.command().name());
    values.add(entry.target());
    values.add(outcome);
    values.add(Integer.toString(status));
    values.add(entry.request());
    Audited audited = audited(entry.command());
    boolean hasContent = audited.hasContent() && !entry.body().isMissingNode();
    values.add(hasContent ? masked(entry.body(), audited.masked()).toString() : null);
    return values;
  }

  private static JsonNode masked(JsonNode body, List<String> pointers) {
    JsonNode copy = body.deepCopy();
    for (String pointer : pointers) {
      mask(copy, pointer.substring(1).split("/", -1), 0);
    }
    return copy;
  }

  /** Masks what a pointer leads to; through an array, in each of its elements. */
  private static void mask(JsonNode within, String[] steps, int at) {
    String step = steps[at].replace("~1", "/").replace("~0", "~");
    boolean isLast = at == steps.length - 1;
    if (within instanceof ObjectNode object && object.has(step)) {
      if (isLast) {
        object.put(step, MASK);
      } else {
        mask(object.get(step), steps, at + 1);
      }
    } else if (within instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        if (!step.equals(Integer.toString(i))) {
          mask(array.get(i), steps, at);
        } else if (isLast) {
          array.set(i, MASK);
        } else {
          mask(array.get(i), steps, at + 1);
        }
      }
    }
  }
}
