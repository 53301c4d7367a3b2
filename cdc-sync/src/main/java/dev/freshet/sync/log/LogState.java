package dev.freshet.sync.log;

import dev.freshet.protocol.TimelineHistory;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SchemaImage;
import dev.freshet.sync.source.SourceTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * What holds from a place of the log on: all that a reader has to know beside the transactions. The
 * rows of these have the tables' stored columns in this order.
 *
 * @param origin whose transactions they are
 * @param epoch that the source is in
 * @param history where the epochs before it ended, see {@link TimelineHistory}
 * @param schema of the source
 * @param carried the tables whose changes are in the log
 * @param refused those that were wished for and are not, and why
 * @param gaps where the log went on after transactions were missing, the latest last: a copy that
 *     is before one has to be rebuilt
 */
public record LogState(
    ChangeSource.Origin origin,
    int epoch,
    String history,
    SchemaImage schema,
    List<Carried> carried,
    Refused refused,
    List<Place> gaps) {

  /** Older ones are behind the log's retention, or nobody's concern. */
  private static final int MOST_GAPS = 100;

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /**
   * A table whose changes are in the log.
   *
   * @param since all transactions that end beyond this place have all of them; null while that is
   *     not known yet
   */
  public record Carried(TableName table, @Nullable Place since) {}

  /** Tables whose changes can't be had. */
  public record Refused(Set<TableName> tables, String reason) {

    static final Refused NONE = new Refused(Set.of(), "");

    public Refused {
      tables = Set.copyOf(tables);
    }
  }

  public LogState {
    carried = List.copyOf(carried);
    gaps = List.copyOf(gaps.subList(Math.max(0, gaps.size() - MOST_GAPS), gaps.size()));
  }

  String json() {
    return JSON.writeValueAsString(this);
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws LogBroken when it is something else
   */
  static LogState of(String json) {
    try {
      return JSON.readValue(json, LogState.class);
    } catch (JacksonException e) {
      throw new LogBroken("a state that can't be read (%s)".formatted(e.getOriginalMessage()));
    }
  }

  /** The same with transactions missing before a place. */
  LogState withGap(Place goesOnAt) {
    List<Place> all = new ArrayList<>(gaps);
    all.add(goesOnAt);
    return new LogState(origin, epoch, history, schema, carried, refused, all);
  }

  /** The same with another schema. */
  LogState with(SchemaImage another) {
    return new LogState(origin, epoch, history, another, carried, refused, gaps);
  }

  /**
   * The same, knowing that all carried tables are so from a place on, of which that was unknown.
   */
  LogState carriedSince(Place place) {
    List<Carried> known =
        carried.stream()
            .map(one -> one.since() == null ? new Carried(one.table(), place) : one)
            .toList();
    return new LogState(origin, epoch, history, schema, known, refused, gaps);
  }

  TimelineHistory timelines() {
    return TimelineHistory.parse(epoch, history);
  }

  /** The names of the tables whose changes are in the log. */
  Set<TableName> tables() {
    return carried.stream().map(Carried::table).collect(Collectors.toSet());
  }

  /** From where on a table's changes are all in the log; empty while that is not known. */
  Optional<Place> since(TableName table) {
    return carried.stream()
        .filter(one -> one.table().equals(table))
        .findFirst()
        .map(Carried::since);
  }

  /** The carried tables as their rows come, of those that there are. */
  Map<TableName, SourceTable> asCarried() {
    Map<TableName, SourceTable> found = new HashMap<>();
    Set<TableName> names = tables();
    schema.tables().stream()
        .filter(table -> names.contains(table.name()))
        .forEach(table -> found.put(table.name(), table));
    return found;
  }
}
