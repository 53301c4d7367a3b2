package dev.freshet.sync.capture;

import dev.freshet.sync.model.EndSession;
import dev.freshet.sync.model.SessionEnd;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.CaptureRequest;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SourceTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/** Reads Debezium's change records as {@link RowChange}s. */
final class RecordReader {

  /** Header with the key that a row had before its key changed. */
  private static final String OLD_KEY = "__debezium.oldkey";

  private final Map<TableName, SourceTable> tables;
  private final Set<TableName> copiedAgain;
  private final Set<TableName> withBefore;
  private final String placeholder;

  /**
   * Prepares to read.
   *
   * @param request what is captured
   * @param placeholder what stands for a large value that was not sent
   */
  RecordReader(CaptureRequest request, String placeholder) {
    this.tables = request.tables();
    this.copiedAgain = request.copiedAgain();
    this.withBefore = request.withBefore();
    this.placeholder = placeholder;
  }

  /** Reads a record; empty when it is of no use. */
  Optional<RowChange> read(SourceRecord record, Struct envelope) {
    try {
      return Optional.of(change(record, envelope));
    } catch (EndSession e) {
      if (e.end() instanceof SessionEnd.UnclearColumns(TableName table)
          && copiedAgain.contains(table)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private RowChange change(SourceRecord record, Struct envelope) {
    Struct source = envelope.getStruct("source");
    TableName name = new TableName(source.getString("schema"), source.getString("table"));
    SourceTable table =
        Objects.requireNonNull(
            tables.get(name), () -> "A change of " + name + " was not asked for");
    return switch (envelope.getString("op")) {
      case "c", "r", "u" ->
          new RowChange.Upsert(
              name,
              row(table, envelope.getStruct("after")),
              oldKey(table, record),
              !envelope.getString("op").equals("u"),
              before(table, envelope));
      case "d" ->
          new RowChange.Delete(name, key(table, (Struct) record.key()), before(table, envelope));
      case "t" -> new RowChange.Truncate(name);
      default -> throw new IllegalStateException("Unknown operation " + envelope.getString("op"));
    };
  }

  /**
   * With another replica identity than FULL the source tells of keys alone, and the rest as null.
   */
  private @Nullable List<@Nullable String> before(SourceTable table, Struct envelope) {
    Struct before = withBefore.contains(table.name()) ? envelope.getStruct("before") : null;
    if (before == null) {
      return null;
    }
    List<@Nullable String> values = row(table, before);
    List<SourceTable.Column> columns = table.storedColumns();
    for (int i = 0; i < values.size(); i++) {
      if (values.get(i) != null && !table.key().contains(columns.get(i).name())) {
        return values;
      }
    }
    return null;
  }

  private List<@Nullable String> row(SourceTable table, Struct after) {
    List<SourceTable.Column> columns = table.storedColumns();
    List<@Nullable String> row = new ArrayList<>(columns.size());
    int known = 0;
    for (SourceTable.Column column : columns) {
      if (after.schema().field(column.name()) == null) {
        row.add(column.missing());
        continue;
      }
      known++;
      // Not get(): that turns a null into the column's default.
      Object value = after.getWithoutDefault(column.name());
      row.add(placeholder.equals(value) ? RowChange.UNCHANGED : (String) value);
    }
    // A column less is one that was added later, one more is one that was dropped later. Both at
    // once may as well be one that was renamed.
    if (known < columns.size() && known < after.schema().fields().size()) {
      throw unclear(table);
    }
    return row;
  }

  private static List<String> key(SourceTable table, Struct key) {
    List<String> values = new ArrayList<>(table.key().size());
    for (String column : table.key()) {
      if (key.schema().field(column) == null) {
        throw unclear(table);
      }
      values.add(Objects.requireNonNull((String) key.get(column), column));
    }
    return values;
  }

  private static EndSession unclear(SourceTable table) {
    return new EndSession(new SessionEnd.UnclearColumns(table.name()));
  }

  private static @Nullable List<String> oldKey(SourceTable table, SourceRecord record) {
    Header header = record.headers().lastWithName(OLD_KEY);
    return header == null ? null : key(table, (Struct) header.value());
  }
}
