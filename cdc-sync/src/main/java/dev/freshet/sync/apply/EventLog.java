package dev.freshet.sync.apply;

import dev.freshet.protocol.ReadDatabase;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Changes;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SourceTable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * At which place each event was committed, in {@code freshet.event_log}: the order in which
 * subscribers get them. The events themselves are in the mirrors of their tables.
 *
 * <p>What is in a table when it is first followed has no order beyond its streams'. It counts as
 * one transaction, right after the place at which the copy is: whoever stands before it lacks
 * something that nobody can give any more.
 */
public final class EventLog {

  private static final String DELETE =
      """
      delete from freshet.event_log l
      using unnest(?::text[], ?::text[], ?::text[]) g(relation, stream, version)
      where l.relation = g.relation::integer and l.stream = g.stream and l.version = g.version::bigint
      """;

  /** An event that is there already has only been changed. */
  private static final String INSERT =
      """
      insert into freshet.event_log (lsn, ordinal, relation, timeline, stream, version, type)
      select lsn::pg_lsn, ordinal::bigint, relation::integer, timeline::integer, stream, version::bigint, type
      from unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[])
        e(lsn, ordinal, relation, timeline, stream, version, type)
      on conflict (relation, stream, version) do nothing
      """;

  private static final List<Function<Map.Entry<Event, Entry>, @Nullable String>> INSERTED =
      List.of(
          row -> row.getValue().place().mark(),
          row -> Long.toString(row.getValue().ordinal()),
          row -> row.getKey().relation(),
          row -> Integer.toString(row.getValue().place().epoch()),
          row -> row.getKey().stream(),
          row -> row.getKey().version(),
          row -> row.getValue().type());

  private final Sql sql;
  private final Map<TableName, Followed> followed = new HashMap<>();

  EventLog(Sql sql) {
    this.sql = sql;
  }

  /**
   * A table with events.
   *
   * @param id by which the log names it
   * @param streamAt where in a row the stream is
   * @param versionAt the same for the version
   * @param typeAt the same for the type
   */
  private record Followed(String id, int streamAt, int versionAt, int typeAt) {

    static Followed of(String id, SourceTable table) {
      List<String> names = table.storedColumns().stream().map(SourceTable.Column::name).toList();
      return new Followed(
          id, names.indexOf("stream"), names.indexOf("version"), names.indexOf("type"));
    }

    Event event(List<@Nullable String> row) {
      return new Event(
          id,
          Objects.requireNonNull(row.get(streamAt)),
          Objects.requireNonNull(row.get(versionAt)));
    }
  }

  /** Makes the tables where they are not there yet. */
  void install() {
    sql.run(
        """
        create table if not exists freshet.event_table (
          id           integer generated always as identity primary key,
          table_schema text not null,
          table_name   text not null,
          timeline     integer,
          lsn          pg_lsn,
          unique (table_schema, table_name)
        )
        """);
    sql.run(
        """
        create table if not exists freshet.event_log (
          lsn      pg_lsn,
          ordinal  bigint,
          relation integer,
          timeline integer not null,
          stream   text not null,
          version  bigint not null,
          type     text,
          primary key (lsn, ordinal, relation),
          unique (relation, stream, version)
        )
        """);
  }

  /** Follows a table, if it has events. Its rows are there, as they are at a place. */
  void follow(SourceTable table, Place at) {
    if (!table.hasEvents()) {
      forget(table.name());
      return;
    }
    String id = id(table.name(), "lsn is not null").orElseGet(() -> begin(table.name(), at.next()));
    followed.put(table.name(), Followed.of(id, table));
  }

  private Optional<String> id(TableName table, String condition) {
    return sql
        .query(
            "select id from freshet.event_table where (table_schema, table_name) = (%s, %s) and %s"
                .formatted(
                    TableName.literal(table.schema()), TableName.literal(table.name()), condition),
            List.of())
        .stream()
        .map(row -> Objects.requireNonNull(row.getFirst()))
        .findFirst();
  }

  /** By the clock, as far as that leaves a stream in its order. */
  private String begin(TableName table, Place at) {
    sql.run(
        "insert into freshet.event_table (table_schema, table_name, timeline, lsn) values (%s, %s, %d, '%s') on conflict (table_schema, table_name) do update set timeline = excluded.timeline, lsn = excluded.lsn"
            .formatted(
                TableName.literal(table.schema()),
                TableName.literal(table.name()),
                at.epoch(),
                at.mark()));
    String id = id(table, "true").orElseThrow();
    sql.run(
        """
        insert into freshet.event_log (lsn, ordinal, relation, timeline, stream, version, type)
        select '%s', row_number() over (order by latest, stream, version), %s, %d, stream, version, type
        from (
          select stream, version, type, max(at) over (partition by stream order by version) as latest from %s
        ) e
        """
            .formatted(at.mark(), id, at.epoch(), table.quoted()));
    tell();
    return id;
  }

  /** A table is copied again: until that is done nobody is told events here. */
  void pause(TableName table) {
    forget(table, "update freshet.event_table set timeline = null, lsn = null where id = ");
  }

  /** Forgets a table and what its log says. */
  void forget(TableName table) {
    forget(table, "delete from freshet.event_table where id = ");
  }

  private void forget(TableName table, String how) {
    followed.remove(table);
    id(table, "true")
        .ifPresent(
            id -> {
              sql.run("delete from freshet.event_log where relation = " + id);
              sql.run(how + id);
              tell();
            });
  }

  /** Forgets everything. */
  void clear() {
    followed.clear();
    sql.run("truncate freshet.event_log, freshet.event_table");
    tell();
  }

  /** An event that is given up: subscribers pass it by. */
  void giveUp(TableName table, List<String> key) {
    Followed log = followed.get(table);
    if (log != null) {
      Notes notes = notes();
      notes.add(Place.START, List.of(new RowChange.Delete(table, key)));
      notes.write();
      tell();
    }
  }

  /** An event that was refused is there now: subscribers waited for it. */
  void settled(TableName table) {
    if (followed.containsKey(table)) {
      tell();
    }
  }

  /** Wakes subscribers up once the transaction is committed. */
  private void tell() {
    sql.run("notify " + ReadDatabase.EVENTS_CHANNEL);
  }

  /** What one batch does. */
  Notes notes() {
    return new Notes();
  }

  /** An event, as the log names it. */
  private record Event(String relation, String stream, String version) {}

  /** Where an event stands in the log. */
  private record Entry(Place place, long ordinal, @Nullable String type) {}

  /** What a batch does to the log. */
  final class Notes {

    private final Map<Event, Entry> written = new LinkedHashMap<>();
    private final Set<Event> gone = new LinkedHashSet<>();
    private final Set<String> emptied = new LinkedHashSet<>();
    private Place place = Place.START;
    private long ordinal;

    private Notes() {}

    /** Notes changes, in order, of a transaction that ends at a place. */
    void add(Place end, List<RowChange> changes) {
      if (followed.isEmpty()) {
        return;
      }
      if (!end.equals(place)) {
        place = end;
        ordinal = 0;
      }
      for (RowChange change : changes) {
        Followed log = followed.get(change.table());
        if (log != null) {
          add(log, change);
        }
      }
      if (written.size() + gone.size() >= Changes.MOST_IN_MEMORY) {
        write();
      }
    }

    private void add(Followed log, RowChange change) {
      switch (change) {
        case RowChange.Truncate ignored -> {
          written.keySet().removeIf(event -> event.relation().equals(log.id()));
          emptied.add(log.id());
        }
        case RowChange.Delete delete -> remove(log, delete.key());
        case RowChange.Upsert upsert -> {
          if (upsert.oldKey() != null) {
            remove(log, upsert.oldKey());
          }
          String type = upsert.row().get(log.typeAt());
          // A value that was not sent is one of an event that was here before.
          if (!RowChange.isUnchanged(type)) {
            ordinal++;
            written.putIfAbsent(log.event(upsert.row()), new Entry(place, ordinal, type));
          }
        }
      }
    }

    private void remove(Followed log, List<String> key) {
      Event event = new Event(log.id(), key.getFirst(), key.getLast());
      written.remove(event);
      gone.add(event);
    }

    /** Writes what was noted; what is deleted goes first, as it may have come again. */
    void write() {
      for (String relation : emptied) {
        sql.run("delete from freshet.event_log where relation = " + relation);
      }
      if (!gone.isEmpty()) {
        sql.update(DELETE, columns(gone, List.of(Event::relation, Event::stream, Event::version)));
      }
      if (!written.isEmpty()) {
        sql.update(INSERT, columns(written.entrySet(), INSERTED));
        tell();
      }
      emptied.clear();
      gone.clear();
      written.clear();
    }
  }

  private static <T> List<@Nullable String[]> columns(
      Collection<T> rows, List<Function<T, @Nullable String>> columns) {
    List<@Nullable String[]> arrays = new ArrayList<>(columns.size());
    for (Function<T, @Nullable String> column : columns) {
      @Nullable String[] array = new String[rows.size()];
      int i = 0;
      for (T row : rows) {
        array[i++] = column.apply(row);
      }
      arrays.add(array);
    }
    return arrays;
  }
}
