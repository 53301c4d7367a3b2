package dev.freshet.read.event;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.TimelineHistory;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a read database is, and the tables whose events it has.
 *
 * @param at applied up to here
 * @param history where the timelines before that one ended
 * @param tables by their numbers in the log
 */
public record EventTables(Position at, TimelineHistory history, List<Table> tables) {

  /**
   * A table with events.
   *
   * @param id by which the log names it
   * @param began where the log of it begins
   */
  public record Table(int id, String schema, String name, Position began) {

    /** As SQL has it. */
    String quoted() {
      return quoted(schema) + "." + quoted(name);
    }

    private static String quoted(String name) {
      return '"' + name.replace("\"", "\"\"") + '"';
    }
  }

  private static final String SQL =
      """
      select p.timeline, p.lsn::text, p.history, t.id, t.table_schema, t.table_name, t.timeline, t.lsn::text
      from freshet.position p left join freshet.event_table t on true
      where p.state = 'streaming' and not exists (select from freshet.event_table where lsn is null)
      order by t.id
      """;

  /** Asks; empty before the copy is complete, and while a table is copied again. */
  static Optional<EventTables> ask(Connection connection) throws SQLException {
    List<Table> tables = new ArrayList<>();
    EventTables found = null;
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(SQL)) {
      while (row.next()) {
        if (found == null) {
          Position at = new Position(row.getInt(1), Lsn.parse(row.getString(2)));
          found =
              new EventTables(at, TimelineHistory.parse(at.timeline(), row.getString(3)), tables);
        }
        if (row.getString(5) != null) {
          tables.add(
              new Table(
                  row.getInt(4),
                  row.getString(5),
                  row.getString(6),
                  new Position(row.getInt(7), Lsn.parse(row.getString(8)))));
        }
      }
    }
    return Optional.ofNullable(found);
  }

  /** Where its events end: a log that has just begun does so right after the copy's place. */
  Position end() {
    Position end = at;
    for (Table table : tables) {
      end = end.max(table.began());
    }
    return end;
  }

  /** Whether this copy is not yet on a timeline, so that nothing can be said of its places. */
  boolean isBefore(Position place) {
    return place.timeline() > at.timeline();
  }

  /** Whether it is known here what comes after a place that is part of this history. */
  boolean hasReached(Position place) {
    return place.timeline() < at.timeline()
        || (place.timeline() == at.timeline() && place.lsn().compareTo(end().lsn()) <= 0);
  }

  /**
   * Why nobody can go on from a place: what follows it is unknown here. Null when one can.
   *
   * @param place on no later timeline than the copy
   */
  @Nullable String whyGone(Position place) {
    Optional<Lsn> end = history.end(place.timeline());
    if (place.timeline() != at.timeline() && end.isEmpty()) {
      return "Of timeline %d nothing is known here.".formatted(place.timeline());
    }
    if (end.isPresent() && place.lsn().compareTo(end.get()) > 0) {
      return "A failover lost what was at %s; timeline %d ended at %s."
          .formatted(place, place.timeline(), end.get());
    }
    for (Table table : tables) {
      if (place.lsn().compareTo(table.began().lsn()) < 0) {
        return "The events of %s.%s are known here from %s on."
            .formatted(table.schema(), table.name(), table.began());
      }
    }
    return null;
  }
}
