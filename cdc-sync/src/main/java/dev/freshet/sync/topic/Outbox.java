package dev.freshet.sync.topic;

import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.SourceTransaction;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Messages that transactions leave in a table, each to the topic of what it is of. Columns and
 * topics are those of Debezium's <a
 * href="https://debezium.io/documentation/reference/stable/transformations/outbox-event-router.html">outbox
 * event router</a>; the headers are those of CloudEvents 1.0 in binary mode.
 */
public final class Outbox implements Outlet {

  private static final String PREFIX = "outbox.event.";
  private static final List<String> COLUMNS =
      List.of("id", "aggregatetype", "aggregateid", "type", "payload");

  private final String log;
  private final TableName table;
  private final Map<String, Integer> places = new HashMap<>();
  private final boolean isJson;
  private final Consumer<String> topics;

  /**
   * Reads a table.
   *
   * @param log its name, as the source of the messages
   * @param topics is told each topic before it is written to
   * @throws SyncRefused when it is no outbox
   */
  public Outbox(String log, SourceTable table, Consumer<String> topics) {
    this.log = log;
    this.table = table.name();
    this.topics = topics;
    List<SourceTable.Column> stored = table.storedColumns();
    for (int i = 0; i < stored.size(); i++) {
      places.put(stored.get(i).name(), i);
    }
    if (!places.keySet().containsAll(COLUMNS)) {
      throw new SyncRefused(
          "Table %s is no outbox: it needs the columns %s."
              .formatted(table.name(), String.join(", ", COLUMNS)));
    }
    this.isJson = Set.of("json", "jsonb").contains(table.column("payload").orElseThrow().type());
  }

  @Override
  public void prepare(SourceTransaction transaction) {
    each(transaction, row -> topics.accept(topic(row)));
  }

  @Override
  public void write(
      SourceTransaction transaction, Consumer<ProducerRecord<byte[], byte[]>> records) {
    each(transaction, row -> records.accept(message(row, transaction)));
  }

  private void each(SourceTransaction transaction, Consumer<List<@Nullable String>> rows) {
    transaction
        .changes()
        .forEachChunk(
            changes ->
                changes.forEach(
                    change -> {
                      // The message is the row's insertion; it may be deleted at any time.
                      if (change instanceof RowChange.Upsert upsert
                          && upsert.isNew()
                          && upsert.table().equals(table)) {
                        rows.accept(upsert.row());
                      }
                    }));
  }

  private ProducerRecord<byte[], byte[]> message(
      List<@Nullable String> row, SourceTransaction transaction) {
    String aggregate = text(row, "aggregateid");
    String payload = value(row, "payload");
    byte[] value = payload == null ? null : bytes(payload);
    boolean isTooLarge = value != null && value.length > TableTopics.MOST_BYTES;
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(topic(row), bytes(aggregate), isTooLarge ? new byte[0] : value);
    if (value != null && isTooLarge) {
      TableTopics.header(record, TableTopics.TOO_LARGE, Integer.toString(value.length));
    }
    String id = text(row, "id");
    TableTopics.header(record, "id", id);
    TableTopics.header(record, "ce_specversion", "1.0");
    TableTopics.header(record, "ce_id", id);
    TableTopics.header(record, "ce_type", text(row, "type"));
    TableTopics.header(record, "ce_source", "/" + log);
    TableTopics.header(record, "ce_subject", aggregate);
    TableTopics.header(record, "ce_time", time(transaction.committedAt()));
    if (isJson) {
      TableTopics.header(record, "content-type", "application/json");
    }
    TableTopics.header(record, TableTopics.POSITION, transaction.end().toString());
    return record;
  }

  private String topic(List<@Nullable String> row) {
    return TopicNames.valid(PREFIX + text(row, "aggregatetype"));
  }

  private static String time(Instant committedAt) {
    return committedAt.toString(); // RFC 3339
  }

  private String text(List<@Nullable String> row, String column) {
    String value = value(row, column);
    return value == null ? "" : value;
  }

  private @Nullable String value(List<@Nullable String> row, String column) {
    return row.get(Objects.requireNonNull(places.get(column), column));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
