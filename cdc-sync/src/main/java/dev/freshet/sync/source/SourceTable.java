package dev.freshet.sync.source;

import dev.freshet.sync.model.TableName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A table of the source, as its catalogue has it.
 *
 * @param oid its identity, which a table that is dropped and made again does not keep
 * @param partitioned whether its rows are in partitions
 * @param files where its rows are stored: differs after they were all rewritten
 * @param columnsVersion differs after a column was altered in any way
 * @param columns its columns, in order
 * @param key the columns by which changes name a row: the primary key or the replica identity's
 *     index, in order
 * @param isPrimaryKey whether the key is the primary key
 * @param estimatedRows by the planner's statistics; 0 when unknown
 */
public record SourceTable(
    TableName name,
    long oid,
    boolean partitioned,
    String files,
    String columnsVersion,
    List<Column> columns,
    List<String> key,
    boolean isPrimaryKey,
    long estimatedRows) {

  private static final Pattern TEXT = Pattern.compile("text|character varying.*");
  private static final Pattern JSON = Pattern.compile("jsonb?");

  /** What a table with events has, with its types. */
  private static final Map<String, Pattern> EVENT =
      Map.of(
          "stream", TEXT,
          "version", Pattern.compile("bigint|integer"),
          "type", TEXT,
          "data", JSON,
          "meta", JSON,
          "at", Pattern.compile("timestamp.* with time zone"));

  /**
   * A column.
   *
   * @param number its attribute number, which renaming leaves
   * @param type as PostgreSQL prints it, with its modifier
   * @param collation as an SQL clause, empty for the type's own
   * @param generatedAs the expression of a generated column, or null
   * @param hasDefault whether new rows get something else than null
   * @param missing the value of rows that are older than the column, where it is the same for all;
   *     otherwise null
   */
  public record Column(
      String name,
      int number,
      String type,
      String collation,
      @Nullable String generatedAs,
      boolean hasDefault,
      @Nullable String missing) {

    /** As in CREATE TABLE, without what refuses or changes a row. */
    public String definition() {
      return TableName.quoted(name)
          + " "
          + type
          + collation
          + (generatedAs == null ? "" : " generated always as (" + generatedAs + ") stored");
    }

    private boolean holdsTheSameAs(Column other) {
      return type.equals(other.type)
          && collation.equals(other.collation)
          && Objects.equals(generatedAs, other.generatedAs);
    }
  }

  public SourceTable {
    columns = List.copyOf(columns);
    key = List.copyOf(key);
  }

  /** Whether it holds events: their streams and versions are its primary key. */
  public boolean hasEvents() {
    return isPrimaryKey
        && key.equals(List.of("stream", "version"))
        && EVENT.entrySet().stream()
            .allMatch(
                wanted ->
                    storedColumns().stream()
                        .anyMatch(
                            column ->
                                column.name().equals(wanted.getKey())
                                    && wanted.getValue().matcher(column.type()).matches()));
  }

  /** The columns whose values are sent and stored; generated ones are computed by the mirror. */
  public List<Column> storedColumns() {
    return columns.stream().filter(column -> column.generatedAs() == null).toList();
  }

  /** All columns as in CREATE TABLE. */
  public String columnDefinitions() {
    return columns.stream().map(Column::definition).collect(Collectors.joining(", "));
  }

  /** The column of this name. */
  public Optional<Column> column(String columnName) {
    return columns.stream().filter(column -> column.name().equals(columnName)).findFirst();
  }

  private Optional<Column> column(int number) {
    return columns.stream().filter(column -> column.number() == number).findFirst();
  }

  /** Whether a mirror of {@code earlier} is a mirror of this, too. */
  public boolean isAs(SourceTable earlier) {
    return rowsAreThoseOf(earlier)
        && !hasOtherColumnsThan(earlier)
        && columns.stream()
            .map(Column::definition)
            .toList()
            .equals(earlier.columns.stream().map(Column::definition).toList());
  }

  /**
   * The ALTER TABLE actions that make a mirror of {@code earlier} one of this; empty when rows may
   * have changed without any event, so that they have to be copied again.
   *
   * <p>Such are a type's change, partitions attached and detached, and a column whose default
   * differs from row to row.
   */
  public Optional<List<String>> alterationsSince(SourceTable earlier) {
    if (!rowsAreThoseOf(earlier)) {
      return Optional.empty();
    }
    List<String> actions = new ArrayList<>();
    for (Column before : earlier.columns) {
      if (column(before.number()).isEmpty()) {
        actions.add("drop column " + TableName.quoted(before.name()) + " cascade");
      }
    }
    for (Column column : columns) {
      Optional<Column> before = earlier.column(column.number());
      if (before.isEmpty()) {
        if (column.hasDefault() && column.missing() == null) {
          return Optional.empty();
        }
        actions.add("add column " + column.definition() + defaultOf(column));
      } else if (!column.holdsTheSameAs(before.get())) {
        return Optional.empty();
      } else if (!column.name().equals(before.get().name())) {
        actions.add(
            "rename column %s to %s"
                .formatted(TableName.quoted(before.get().name()), TableName.quoted(column.name())));
      }
    }
    return Optional.of(actions);
  }

  /** Whether a name that was one column's is another one's now. */
  public boolean hasOtherColumnsThan(SourceTable earlier) {
    return columns.stream()
        .anyMatch(
            column ->
                earlier
                    .column(column.name())
                    .map(before -> before.number() != column.number())
                    .orElse(false));
  }

  private static String defaultOf(Column column) {
    return column.missing() == null ? "" : " default " + TableName.literal(column.missing());
  }

  private boolean rowsAreThoseOf(SourceTable earlier) {
    boolean writtenAnew = !files.equals(earlier.files);
    return name.equals(earlier.name)
        && oid == earlier.oid
        && partitioned == earlier.partitioned
        && key.equals(earlier.key)
        // TRUNCATE and VACUUM FULL rewrite a table as well, but leave its columns alone. What
        // they do to a single partition is not sent.
        && !(writtenAnew && (partitioned || !columnsVersion.equals(earlier.columnsVersion)));
  }
}
