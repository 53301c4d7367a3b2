package dev.freshet.write.event;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A table of events.
 *
 * @param name as SQL has it, with its schema or without: {@code event}, {@code bank.event}
 */
public record EventTable(String name) {

  private static final Pattern NAME = Pattern.compile("[a-z_][a-z0-9_]*(\\.[a-z_][a-z0-9_]*)?");

  /** Rows that travel at once. */
  private static final int FETCHED = 1_000;

  /**
   * Names a table.
   *
   * @throws IllegalArgumentException when it can't be written without quotes
   */
  public EventTable {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "'%s' is no name of a table; write it in lower case, as event or bank.event"
              .formatted(name));
    }
  }

  /** The SQL that makes it, and lets nobody change what is in it. */
  public String sql() {
    try (InputStream in =
        Objects.requireNonNull(EventTable.class.getResourceAsStream("event.sql"), "event.sql")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("${table}", name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Makes it. */
  public void make(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql());
    }
  }

  /**
   * An event.
   *
   * @param text all of it, as one text
   */
  public record Event(String stream, long version, String type, String data, String at, String text)
      implements Comparable<Event> {

    @Override
    public int compareTo(Event other) {
      // As UTF-8, like PostgreSQL's collation C: beyond the basic plane Java's order is another
      // one.
      int byStream =
          Arrays.compareUnsigned(
              stream.getBytes(StandardCharsets.UTF_8),
              other.stream.getBytes(StandardCharsets.UTF_8));
      return byStream != 0 ? byStream : Long.compare(version, other.version);
    }
  }

  /** A stream's events, in their order. */
  public List<Event> stream(Connection connection, String stream) throws SQLException {
    List<Event> events = new ArrayList<>();
    try (PreparedStatement statement =
        connection.prepareStatement(select() + " where stream = ? order by version")) {
      statement.setString(1, stream);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          events.add(event(row));
        }
      }
    }
    return events;
  }

  private String select() {
    return "select stream, version, type, data::text, at::text, row(stream, version, type, data, meta, at)::text from "
        + name;
  }

  private static Event event(ResultSet row) throws SQLException {
    return new Event(
        row.getString(1),
        row.getLong(2),
        row.getString(3),
        row.getString(4),
        row.getString(5),
        row.getString(6));
  }

  /**
   * What was found.
   *
   * @param gaps streams whose versions are not 1, 2, 3 and so on
   */
  public record Found(long events, long streams, List<String> gaps) {}

  /** Looks at all versions. */
  public Found verify(Connection connection) throws SQLException {
    List<String> gaps = new ArrayList<>();
    long events = 0;
    long streams = 0;
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select stream, count(*), min(version), max(version) from %s group by stream order by stream"
                    .formatted(name))) {
      while (row.next()) {
        streams++;
        events += row.getLong(2);
        if (row.getLong(3) != 1 || row.getLong(4) != row.getLong(2)) {
          gaps.add(row.getString(1));
        }
      }
    }
    return new Found(events, streams, gaps);
  }

  /**
   * Compares a copy with the primary. A copy may be behind: it has the beginning of each stream.
   *
   * @return the first event that is not as on the primary, or that the copy lacks before others of
   *     its stream
   */
  public Optional<String> difference(Connection primary, Connection copy) throws SQLException {
    try (Cursor here = new Cursor(copy);
        Cursor there = new Cursor(primary)) {
      Event copied = here.next();
      while (copied != null) {
        Event original = there.next();
        while (original != null && original.compareTo(copied) < 0) {
          if (original.stream().equals(copied.stream())) {
            return Optional.of(
                "it lacks version %d of %s".formatted(original.version(), original.stream()));
          }
          original = there.next();
        }
        if (original == null || original.compareTo(copied) != 0) {
          return Optional.of(
              "the primary has no version %d of %s".formatted(copied.version(), copied.stream()));
        }
        if (!original.text().equals(copied.text())) {
          return Optional.of(
              "version %d of %s is %s on the primary, and %s in the copy"
                  .formatted(copied.version(), copied.stream(), original.text(), copied.text()));
        }
        copied = here.next();
      }
      return Optional.empty();
    }
  }

  /** All events by stream and version, in a transaction of its own. */
  private final class Cursor implements AutoCloseable {

    private final Connection connection;
    private final Statement statement;
    private final ResultSet rows;

    Cursor(Connection connection) throws SQLException {
      this.connection = connection;
      connection.setAutoCommit(false);
      statement = connection.createStatement();
      statement.setFetchSize(FETCHED);
      rows = statement.executeQuery(select() + " order by stream collate \"C\", version");
    }

    @Nullable Event next() throws SQLException {
      return rows.next() ? event(rows) : null;
    }

    @Override
    public void close() throws SQLException {
      statement.close();
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }
}
