package dev.freshet.sync.capture;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/** Reads Debezium's change records as {@link RowChange}s. */
final class RecordReader {

  /** Header with the key that a row had before its key changed. */
  private static final String OLD_KEY = "__debezium.oldkey";

  private final Map<TableName, SourceTable> tables;
  private final String placeholder;

  /**
   * Prepares to read.
   *
   * @param placeholder what stands for a large value that was not sent
   */
  RecordReader(Map<TableName, SourceTable> tables, String placeholder) {
    this.tables = tables;
    this.placeholder = placeholder;
  }

  RowChange read(SourceRecord record, Struct envelope) {
    Struct source = envelope.getStruct("source");
    TableName name = new TableName(source.getString("schema"), source.getString("table"));
    SourceTable table =
        Objects.requireNonNull(
            tables.get(name), () -> "A change of " + name + " was not asked for");
    return switch (envelope.getString("op")) {
      case "c", "r", "u" ->
          new RowChange.Upsert(
              name, row(table, envelope.getStruct("after")), oldKey(table, record));
      case "d" -> new RowChange.Delete(name, key(table, (Struct) record.key()));
      case "t" -> new RowChange.Truncate(name);
      default -> throw new IllegalStateException("Unknown operation " + envelope.getString("op"));
    };
  }

  private List<@Nullable String> row(SourceTable table, Struct after) {
    List<@Nullable String> row = new ArrayList<>(table.columns().size());
    for (SourceTable.Column column : table.columns()) {
      Field field = field(table, after, column.name());
      // Not get(): that turns a null into the column's default.
      Object value = after.getWithoutDefault(column.name());
      row.add(
          placeholder.equals(value)
              ? RowChange.UNCHANGED
              : ColumnText.of(field.schema(), value, column.type()));
    }
    return row;
  }

  private static List<String> key(SourceTable table, Struct key) {
    List<String> values = new ArrayList<>(table.key().size());
    for (String column : table.key()) {
      Field field = field(table, key, column);
      String type =
          table.columns().stream()
              .filter(c -> c.name().equals(column))
              .findFirst()
              .orElseThrow()
              .type();
      values.add(
          Objects.requireNonNull(ColumnText.of(field.schema(), key.get(field), type), column));
    }
    return values;
  }

  private static @Nullable List<String> oldKey(SourceTable table, SourceRecord record) {
    Header header = record.headers().lastWithName(OLD_KEY);
    return header == null ? null : key(table, (Struct) header.value());
  }

  private static Field field(SourceTable table, Struct struct, String column) {
    Field field = struct.schema().field(column);
    if (field == null) {
      throw new IllegalStateException(
          "Column %s of %s is not in the change; the table was altered"
              .formatted(column, table.name()));
    }
    return field;
  }
}
