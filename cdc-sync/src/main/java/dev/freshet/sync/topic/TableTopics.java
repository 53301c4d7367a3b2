package dev.freshet.sync.topic;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.SourceTransaction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * A topic for each of some tables: Debezium's envelope by the row's key, and a tombstone after a
 * row is gone; see <a
 * href="https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-events">its
 * documentation</a>. Beside them a topic of their transactions.
 */
public final class TableTopics implements Outlet {

  /** Of a record's value; brokers take a megabyte by default. */
  static final int MOST_BYTES = 900_000;

  static final String POSITION = "freshet-position";
  static final String TOO_LARGE = "freshet-too-large";

  private final String log;
  private final String database;
  private final Map<TableName, SourceTable> tables;
  private final ToIntFunction<String> partitions;

  /**
   * Writes tables' changes.
   *
   * @param log its name, which the topics' names begin with
   * @param tables as their rows come
   * @param partitions how many a topic has
   */
  public TableTopics(
      String log,
      String database,
      Map<TableName, SourceTable> tables,
      ToIntFunction<String> partitions) {
    this.log = log;
    this.database = database;
    this.tables = Map.copyOf(tables);
    this.partitions = partitions;
  }

  /** The topic of a table. */
  public static String topic(String log, TableName table) {
    return TopicNames.valid("%s.%s".formatted(log, table));
  }

  /** The topic of the transactions. */
  public static String transactions(String log) {
    return log + ".transaction";
  }

  /** The topic of the tables' JSON Schemas. */
  public static String schemas(String log) {
    return log + ".schemas";
  }

  /** What each table's rows look like, by the table's topic. */
  public List<ProducerRecord<byte[], byte[]>> schemas() {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    tables
        .values()
        .forEach(
            table ->
                records.add(
                    new ProducerRecord<>(
                        schemas(log),
                        topic(log, table.name()).getBytes(StandardCharsets.UTF_8),
                        RowJson.bytes(RowJson.schema(table)))));
    return records;
  }

  @Override
  public void write(
      SourceTransaction transaction, Consumer<ProducerRecord<byte[], byte[]>> records) {
    Of of = new Of(transaction, records);
    transaction.changes().forEachChunk(changes -> changes.forEach(of::write));
    of.end();
  }

  /** What one transaction becomes. */
  private final class Of {

    private final SourceTransaction transaction;
    private final Consumer<ProducerRecord<byte[], byte[]>> records;
    private final Map<TableName, Long> counts = new LinkedHashMap<>();
    private long total;

    Of(SourceTransaction transaction, Consumer<ProducerRecord<byte[], byte[]>> records) {
      this.transaction = transaction;
      this.records = records;
    }

    void write(RowChange change) {
      SourceTable table = tables.get(change.table());
      if (table == null) {
        return;
      }
      if (total == 0) {
        mark("BEGIN");
      }
      switch (change) {
        case RowChange.Upsert upsert -> {
          boolean isNew = upsert.isNew() || upsert.oldKey() != null;
          ObjectNode after = RowJson.row(table.storedColumns(), upsert.row());
          send(
              table,
              keyOf(table, after),
              envelope(table, isNew ? "c" : "u", before(table, upsert.before(), null), after));
        }
        case RowChange.Delete delete -> {
          ObjectNode key = RowJson.key(table, delete.key());
          send(table, key, envelope(table, "d", before(table, delete.before(), key), null));
          tombstone(table, key);
        }
        case RowChange.Truncate ignored ->
            // A record without a key is none for a topic that is compacted.
            records.accept(
                record(
                    table,
                    RowJson.object(),
                    RowJson.bytes(envelope(table, "t", null, null)),
                    null));
      }
    }

    private @Nullable ObjectNode before(
        SourceTable table, @Nullable List<@Nullable String> values, @Nullable ObjectNode key) {
      return values == null ? key : RowJson.row(table.storedColumns(), values);
    }

    private static ObjectNode keyOf(SourceTable table, ObjectNode row) {
      ObjectNode key = RowJson.object();
      table.key().forEach(column -> key.set(column, row.get(column)));
      return key;
    }

    private ObjectNode envelope(
        SourceTable table, String op, @Nullable ObjectNode before, @Nullable ObjectNode after) {
      ObjectNode envelope = RowJson.object();
      envelope.set("before", before);
      envelope.set("after", after);
      ObjectNode source = envelope.putObject("source");
      source.put("connector", "postgresql");
      source.put("name", log);
      source.put("ts_ms", transaction.committedAt().toEpochMilli());
      source.put("db", database);
      source.put("schema", table.name().schema());
      source.put("table", table.name().name());
      source.put("lsn", transaction.end().value());
      envelope.put("op", op);
      envelope.put("ts_ms", transaction.committedAt().toEpochMilli());
      ObjectNode of = envelope.putObject("transaction");
      of.put("id", transaction.end().toString());
      of.put("total_order", ++total);
      of.put("data_collection_order", counts.merge(table.name(), 1L, Long::sum));
      return envelope;
    }

    /** A value that no broker takes is left out, and its key says so. */
    private void send(SourceTable table, ObjectNode key, ObjectNode envelope) {
      byte[] value = RowJson.bytes(envelope);
      if (value.length <= MOST_BYTES) {
        records.accept(record(table, key, value, null));
        return;
      }
      envelope.set("before", null);
      if (!envelope.path("after").isNull()) {
        envelope.set("after", key);
      }
      records.accept(record(table, key, RowJson.bytes(envelope), (long) value.length));
    }

    private void tombstone(SourceTable table, ObjectNode key) {
      records.accept(record(table, key, null, null));
    }

    private ProducerRecord<byte[], byte[]> record(
        SourceTable table, ObjectNode key, byte @Nullable [] value, @Nullable Long tooLarge) {
      byte[] keyBytes = RowJson.bytes(key);
      String topic = topic(log, table.name());
      ProducerRecord<byte[], byte[]> record =
          new ProducerRecord<>(topic, partition(topic, table, key), keyBytes, value);
      header(record, POSITION, transaction.end().toString());
      if (tooLarge != null) {
        header(record, TOO_LARGE, tooLarge.toString());
      }
      return record;
    }

    /** Of a table of events, so that the events of a stream are in order. */
    private @Nullable Integer partition(String topic, SourceTable table, ObjectNode key) {
      return table.hasEvents()
          ? Math.floorMod(key.path("stream").asString("").hashCode(), partitions.applyAsInt(topic))
          : null;
    }

    void end() {
      if (total > 0) {
        mark("END");
      }
    }

    private void mark(String status) {
      ObjectNode mark = RowJson.object();
      mark.put("status", status);
      mark.put("id", transaction.end().toString());
      mark.put("ts_ms", transaction.committedAt().toEpochMilli());
      if (status.equals("END")) {
        mark.put("event_count", total);
        var collections = mark.putArray("data_collections");
        counts.forEach(
            (table, count) ->
                collections
                    .addObject()
                    .put("data_collection", table.toString())
                    .put("event_count", count));
      }
      ObjectNode key = RowJson.object();
      key.put("id", transaction.end().toString());
      ProducerRecord<byte[], byte[]> record =
          new ProducerRecord<>(transactions(log), 0, RowJson.bytes(key), RowJson.bytes(mark));
      header(record, POSITION, transaction.end().toString());
      records.accept(record);
    }
  }

  static void header(ProducerRecord<byte[], byte[]> record, String name, String value) {
    record.headers().add(name, value.getBytes(StandardCharsets.UTF_8));
  }
}
