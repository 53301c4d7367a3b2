package dev.freshet.sync.log;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.topic.Outbox;
import dev.freshet.sync.topic.Outlet;
import dev.freshet.sync.topic.TableTopics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Which topics for other teams are written beside a log.
 *
 * @param tables that have one each
 * @param outbox a table of messages; null for none
 */
public record PublicTopics(Set<TableName> tables, @Nullable TableName outbox) {

  /** Of a table's and an outbox's topic, where the broker has none yet. */
  private static final int PARTITIONS = 6;

  /** Every client can read it; what the log is compressed by, not all can. */
  private static final Map<String, String> SETTINGS = Map.of("compression.type", "gzip");

  public PublicTopics {
    tables = Set.copyOf(tables);
  }

  /** The tables that they are made of. */
  Set<TableName> sources() {
    Set<TableName> all = new HashSet<>(tables);
    if (outbox != null) {
      all.add(outbox);
    }
    return all;
  }

  /**
   * What goes to them.
   *
   * @param records to be written before anything else
   */
  record Opened(List<Outlet> outlets, List<ProducerRecord<byte[], byte[]>> records) {}

  /**
   * Makes the topics that are not there, of those tables that are.
   *
   * @param state says what the tables' rows are like
   */
  Opened open(String log, LogState state, TopicAdmin admin) {
    Map<TableName, SourceTable> carried = state.asCarried();
    List<Outlet> outlets = new ArrayList<>();
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    Map<TableName, SourceTable> ofTopics = new HashMap<>(carried);
    ofTopics.keySet().retainAll(tables);
    if (!ofTopics.isEmpty()) {
      Map<String, Integer> partitions = new HashMap<>();
      for (TableName table : ofTopics.keySet()) {
        String topic = TableTopics.topic(log, table);
        partitions.put(topic, admin.make(topic, PARTITIONS, SETTINGS));
      }
      int _ = admin.make(TableTopics.transactions(log), 1, SETTINGS);
      int _ =
          admin.make(
              TableTopics.schemas(log),
              1,
              Map.of("cleanup.policy", "compact", "compression.type", "gzip"));
      TableTopics topics =
          new TableTopics(
              log,
              state.origin().database(),
              ofTopics,
              topic -> partitions.getOrDefault(topic, PARTITIONS));
      outlets.add(topics);
      records.addAll(topics.schemas());
    }
    SourceTable messages = outbox == null ? null : carried.get(outbox);
    if (messages != null) {
      Set<String> made = new HashSet<>();
      outlets.add(
          new Outbox(
              log,
              messages,
              topic -> {
                if (made.add(topic)) {
                  int _ = admin.make(topic, PARTITIONS, SETTINGS);
                }
              }));
    }
    return new Opened(outlets, records);
  }
}
