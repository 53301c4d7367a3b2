package dev.freshet.bench.sync;

import io.debezium.connector.jdbc.JdbcSinkConnectorTask;
import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTaskContext;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/**
 * Debezium in a process of its own, as its users embed it: it counts the changes, or hands them to
 * its JDBC sink. Prints {@code marker N} when row N of table {@code marker} has gone through.
 */
public final class Peer {

  private Peer() {}

  /**
   * Runs until it is killed.
   *
   * @param arguments source host, port, database, user, password, slot; then {@code defaults} to
   *     leave its settings as they come, or, for the sink, JDBC URL of the target, and whether to
   *     tune it
   */
  public static void main(String[] arguments) {
    boolean asItComes = arguments.length == 7 && arguments[6].equals("defaults");
    JdbcSinkConnectorTask sink = arguments.length > 7 ? sink(arguments) : null;
    Properties properties = new Properties();
    properties.putAll(
        Map.ofEntries(
            Map.entry("name", "peer"),
            Map.entry("connector.class", "io.debezium.connector.postgresql.PostgresConnector"),
            Map.entry("topic.prefix", "peer"),
            Map.entry("database.hostname", arguments[0]),
            Map.entry("database.port", arguments[1]),
            Map.entry("database.dbname", arguments[2]),
            Map.entry("database.user", arguments[3]),
            Map.entry("database.password", arguments[4]),
            Map.entry("plugin.name", "pgoutput"),
            Map.entry("slot.name", arguments[5]),
            Map.entry("publication.name", arguments[5]),
            Map.entry("publication.autocreate.mode", "disabled"),
            Map.entry("snapshot.mode", "no_data"),
            Map.entry("decimal.handling.mode", "precise"),
            Map.entry("tombstones.on.delete", "false"),
            Map.entry(
                "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore")));
    if (!asItComes) {
      properties.putAll(
          Map.of("poll.interval.ms", "1", "max.batch.size", "8192", "max.queue.size", "32768"));
    }
    DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
        .using(properties)
        .notifying(
            (events, committer) -> {
              List<SinkRecord> rows = new ArrayList<>();
              List<Integer> markers = new ArrayList<>();
              for (RecordChangeEvent<SourceRecord> event : events) {
                SourceRecord change = event.record();
                if (change.value() instanceof Struct value
                    && value.schema().field("after") != null) {
                  rows.add(row(change));
                  if (change.topic().endsWith(".marker")) {
                    markers.add(value.getStruct("after").getInt32("id"));
                  }
                }
              }
              if (sink != null && !rows.isEmpty()) {
                sink.put(rows);
              }
              committer.markProcessed(events.getLast());
              committer.markBatchFinished();
              markers.forEach(marker -> System.out.println("marker " + marker));
            })
        .build()
        .run();
  }

  private static SinkRecord row(SourceRecord change) {
    return new SinkRecord(
        change.topic(),
        0,
        change.keySchema(),
        change.key(),
        change.valueSchema(),
        change.value(),
        0);
  }

  private static JdbcSinkConnectorTask sink(String[] arguments) {
    Map<String, String> properties = new HashMap<>();
    properties.put("connection.url", arguments[6]);
    properties.put("connection.username", arguments[3]);
    properties.put("connection.password", arguments[4]);
    properties.put("insert.mode", "upsert");
    properties.put("delete.enabled", "true");
    properties.put("primary.key.mode", "record_key");
    properties.put("schema.evolution", "none");
    properties.put("collection.name.format", "${source.schema}.${source.table}");
    if (Boolean.parseBoolean(arguments[7])) {
      properties.put("batch.size", "2000");
      properties.put("use.reduction.buffer", "true");
    }
    JdbcSinkConnectorTask task = new JdbcSinkConnectorTask();
    task.initialize(context());
    task.start(properties);
    return task;
  }

  /** The sink asks its context for nothing but what it may do without. */
  private static SinkTaskContext context() {
    return (SinkTaskContext)
        Proxy.newProxyInstance(
            Peer.class.getClassLoader(),
            new Class<?>[] {SinkTaskContext.class},
            (proxy, method, values) -> nothing(method.getReturnType()));
  }

  private static @Nullable Object nothing(Class<?> type) {
    return type == Map.class ? Map.of() : type == java.util.Set.class ? java.util.Set.of() : null;
  }
}
