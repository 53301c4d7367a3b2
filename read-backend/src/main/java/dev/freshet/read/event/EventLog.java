package dev.freshet.read.event;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Reads the log of events of a read database, page by page; each page in one snapshot, with the
 * place that the copy is at.
 *
 * <p>An event that is in the log and not in its table was refused there, and waits among the dead
 * letters: nothing from its transaction on is told before that is settled.
 */
public final class EventLog {

  /** Entries of a page. */
  private static final int MOST_ENTRIES = 1_000;

  /** Of the events of a page, unless one alone is longer. */
  private static final int MOST_CHARS = 1 << 20;

  /** Events that travel at once from the database. */
  private static final int FETCHED = 50;

  private final DataSource pool;

  /** Reads by the connections of a pool. */
  public EventLog(DataSource pool) {
    this.pool = pool;
  }

  /** Where a subscriber begins. */
  public sealed interface Start {

    /**
     * It gets what comes after a cursor.
     *
     * @param at where the copy's events end now
     */
    record From(Cursor cursor, Position at) implements Start {}

    /** What comes after its place is unknown here. */
    record Gone(String why) implements Start {}

    /** The copy is not complete. */
    record NotNow() implements Start {}

    /** There are no tables with events. */
    record NoEvents() implements Start {}
  }

  /** Where a subscriber said that it stands. */
  public sealed interface Standing {

    /** It has had nothing. */
    record Nowhere() implements Standing {}

    /** It wants what comes from now on. */
    record Now() implements Standing {}

    /** It has had everything up to a place. */
    record After(Position position) implements Standing {}
  }

  private interface Question<T> {
    T ask(Connection connection) throws SQLException;
  }

  private <T> T inOneSnapshot(Question<T> question) throws SQLException {
    try (Connection connection = pool.getConnection()) {
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      try {
        return question.ask(connection);
      } finally {
        connection.rollback();
      }
    }
  }

  /** Finds out where a subscriber begins. */
  public Start start(Standing standing) throws SQLException {
    return inOneSnapshot(
        connection -> {
          Optional<EventTables> asked = EventTables.ask(connection);
          if (asked.isEmpty()) {
            return new Start.NotNow();
          }
          EventTables now = asked.get();
          List<EventTables.Table> tables = now.tables();
          if (tables.isEmpty()) {
            return new Start.NoEvents();
          }
          return switch (standing) {
            case Standing.Nowhere() -> new Start.From(Cursor.atTheBeginning(tables), now.end());
            case Standing.Now() ->
                new Start.From(Cursor.after(now.end(), tables).settled(), now.end());
            case Standing.After(Position after) -> {
              String why = now.isBefore(after) ? null : now.whyGone(after);
              yield why == null
                  ? new Start.From(Cursor.after(after, tables), now.end())
                  : new Start.Gone(why);
            }
          };
        });
  }

  /**
   * Reads on.
   *
   * @param types that are wanted; none stands for all
   */
  public Page next(Cursor cursor, Set<String> types) throws SQLException {
    return inOneSnapshot(
        connection -> {
          Optional<EventTables> asked = EventTables.ask(connection);
          if (asked.isEmpty() || !asked.get().tables().equals(cursor.tables())) {
            return new Page.Over();
          }
          EventTables now = asked.get();
          Position after = cursor.after();
          if (after != null && !now.isBefore(after) && now.whyGone(after) != null) {
            return new Page.Over();
          }
          if (after != null && !now.hasReached(after)) {
            return new Page.Told("", cursor, false, null);
          }
          return page(connection, cursor.settled(), types, now.at());
        });
  }

  /**
   * An entry of the log, with its event.
   *
   * @param json the event; null when it is of a type that is not wanted
   * @param isThere whether its table has it
   */
  record Entry(
      Position position, long ordinal, int relation, @Nullable String json, boolean isThere) {

    boolean isOfTransaction(Entry other) {
      return position.equals(other.position);
    }
  }

  private static Page page(Connection connection, Cursor cursor, Set<String> types, Position at)
      throws SQLException {
    List<Entry> entries = new ArrayList<>();
    Entry beyond = null;
    boolean isHeld = false;
    int chars = 0;
    try (PreparedStatement statement = connection.prepareStatement(sql(cursor.tables()))) {
      statement.setFetchSize(FETCHED);
      statement.setArray(1, connection.createArrayOf("text", types.toArray()));
      statement.setString(2, cursor.lsn().toString());
      statement.setLong(3, cursor.ordinal());
      statement.setInt(4, cursor.relation());
      try (ResultSet row = statement.executeQuery()) {
        while (beyond == null && !isHeld && row.next()) {
          Entry entry = entry(row);
          if (!entry.isThere()) {
            isHeld = true;
            entries.removeIf(entry::isOfTransaction);
          } else if (entries.size() == MOST_ENTRIES || chars > MOST_CHARS) {
            beyond = entry;
          } else {
            entries.add(entry);
            chars += entry.json() == null ? 0 : entry.json().length();
          }
        }
      }
    }
    boolean isLevel = beyond == null && !isHeld;
    if (entries.isEmpty()) {
      return told("", cursor, false, isLevel ? at : null);
    }
    Entry last = entries.getLast();
    boolean isCut = beyond != null && beyond.isOfTransaction(last);
    StringBuilder text = new StringBuilder(chars + 64 * entries.size());
    boolean isWithin = write(entries, isCut, cursor.isWithin(), text);
    return told(text.toString(), cursor.at(last, isWithin), beyond != null, isLevel ? at : null);
  }

  /** A copy that is behind where the subscriber was told of another one has nothing to be noted. */
  private static Page told(String text, Cursor next, boolean hasMore, @Nullable Position at) {
    return new Page.Told(
        text, next, hasMore, at == null || at.lsn().compareTo(next.lsn()) < 0 ? null : at);
  }

  /**
   * Writes entries as server-sent events. The last of a transaction that is told has the position:
   * a subscriber that notes it has the whole transaction.
   *
   * @param isCut whether the last transaction goes on
   * @param isWithin whether events of the first one were told before
   * @return whether events of the last one were told, and its end was not
   */
  private static boolean write(
      List<Entry> entries, boolean isCut, boolean isWithin, StringBuilder text) {
    int begin = 0;
    boolean within = isWithin;
    while (begin < entries.size()) {
      Entry first = entries.get(begin);
      int end = begin;
      int lastTold = -1;
      while (end < entries.size() && entries.get(end).isOfTransaction(first)) {
        if (entries.get(end).json() != null) {
          lastTold = end;
        }
        end++;
      }
      boolean isWhole = end < entries.size() || !isCut;
      for (int i = begin; i <= lastTold; i++) {
        String json = entries.get(i).json();
        if (json != null) {
          text.append(
              ServerSentEvents.of(json, isWhole && i == lastTold ? first.position() : null));
        }
      }
      within |= lastTold >= 0;
      if (isWhole) {
        if (within && lastTold < 0) {
          text.append(ServerSentEvents.of(first.position()));
        }
        within = false;
      }
      begin = end;
    }
    return within;
  }

  private static Entry entry(ResultSet row) throws SQLException {
    return new Entry(
        new Position(row.getInt(1), Lsn.parse(row.getString(2))),
        row.getLong(3),
        row.getInt(4),
        row.getString(5),
        row.getBoolean(6));
  }

  /** Binds types, and the LSN, ordinal and relation of the last entry before. */
  private static String sql(List<EventTables.Table> tables) {
    String joins =
        tables.stream()
            .map(
                table ->
                    """
                     left join %1$s t%2$d on l.relation = %2$d and t%2$d.stream = l.stream and t%2$d.version = l.version
                    """
                        .formatted(table.quoted(), table.id()))
            .collect(Collectors.joining());
    String event =
        tables.stream()
            .map(
                table ->
                    """
                    when %2$d then json_build_object('position', l.timeline || ':' || l.lsn, 'table', %1$s,
                      'stream', t%2$d.stream, 'version', t%2$d.version, 'type', t%2$d.type, 'data', t%2$d.data,
                      'meta', t%2$d.meta, 'at', t%2$d.at)::text
                    """
                        .formatted(literal(table.schema() + "." + table.name()), table.id()))
            .collect(Collectors.joining());
    String isThere =
        tables.stream()
            .map(table -> "t%d.stream".formatted(table.id()))
            .collect(Collectors.joining(", ", "coalesce(", ") is not null"));
    return """
        with wanted as (select ?::text[] as types)
        select l.timeline, l.lsn::text, l.ordinal, l.relation,
          case when wanted.types = '{}' or l.type = any (wanted.types) then case l.relation %s end end, %s
        from (
          select * from freshet.event_log where (lsn, ordinal, relation) > (?::pg_lsn, ?, ?)
          order by lsn, ordinal, relation limit %d
        ) l cross join wanted
        %s
        order by l.lsn, l.ordinal, l.relation
        """
        .formatted(event, isThere, MOST_ENTRIES + 1, joins);
  }

  private static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }
}
