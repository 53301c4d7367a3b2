package dev.freshet.sync.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Changes;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.SourceTransaction;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What rows become for other teams. */
class TableTopicsTest {

  private static final TableName ORDERS = new TableName("public", "orders");
  private static final TableName OUTBOX = new TableName("public", "outbox");

  private static SourceTable table(TableName name, List<String> key, String... columns) {
    List<SourceTable.Column> all = new ArrayList<>();
    for (String column : columns) {
      String[] parts = column.split(" ", 2);
      all.add(new SourceTable.Column(parts[0], all.size() + 1, parts[1], "", null, false, null));
    }
    return new SourceTable(name, 1, false, "", "", all, key, true, 0);
  }

  private static List<ProducerRecord<byte[], byte[]>> records(Outlet outlet, RowChange... rows) {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (Changes changes = new Changes()) {
      Arrays.stream(rows).forEach(changes::add);
      SourceTransaction transaction =
          new SourceTransaction(
              new Place(1, 0x5A0), Instant.parse("2026-01-02T03:04:05.678901Z"), changes, null);
      outlet.prepare(transaction);
      outlet.write(transaction, records::add);
    }
    return records;
  }

  private static String text(byte @Nullable [] bytes) {
    return bytes == null ? "nothing" : new String(bytes, StandardCharsets.UTF_8);
  }

  private static String header(ProducerRecord<byte[], byte[]> record, String name) {
    var header = record.headers().lastHeader(name);
    return header == null ? "none" : text(header.value());
  }

  private static TableTopics orders() {
    return new TableTopics(
        "shop",
        "db",
        Map.of(ORDERS, table(ORDERS, List.of("id"), "id integer", "note text")),
        topic -> 6);
  }

  @Test
  void changesAreDebeziumsEnvelopesBetweenTheMarksOfTheirTransaction() {
    List<ProducerRecord<byte[], byte[]>> all =
        records(
            orders(),
            new RowChange.Upsert(ORDERS, List.of("1", "new"), null, true, null),
            new RowChange.Upsert(
                ORDERS, Arrays.asList("2", null), null, false, List.of("2", "was")),
            new RowChange.Delete(ORDERS, List.of("3")));
    assertThat(all)
        .extracting(ProducerRecord::topic)
        .containsExactly(
            "shop.transaction",
            "shop.public.orders",
            "shop.public.orders",
            "shop.public.orders",
            "shop.public.orders",
            "shop.transaction");
    String source =
        "\"source\":{\"connector\":\"postgresql\",\"name\":\"shop\",\"ts_ms\":1767323045678,\"db\":\"db\",\"schema\":\"public\",\"table\":\"orders\",\"lsn\":1440}";
    assertThat(text(all.get(1).key())).isEqualTo("{\"id\":1}");
    assertThat(text(all.get(1).value()))
        .isEqualTo(
            "{\"before\":null,\"after\":{\"id\":1,\"note\":\"new\"},"
                + source
                + ",\"op\":\"c\",\"ts_ms\":1767323045678,\"transaction\":{\"id\":\"1:0/5A0\",\"total_order\":1,\"data_collection_order\":1}}");
    assertThat(text(all.get(2).value()))
        .startsWith("{\"before\":{\"id\":2,\"note\":\"was\"},\"after\":{\"id\":2,\"note\":null},")
        .contains("\"op\":\"u\"", "\"total_order\":2");
    assertThat(text(all.get(3).value()))
        .startsWith("{\"before\":{\"id\":3},\"after\":null,")
        .contains("\"op\":\"d\"");
    assertThat(text(all.get(4).key())).isEqualTo("{\"id\":3}");
    assertThat(all.get(4).value()).as("a tombstone").isNull();
    assertThat(text(all.getFirst().value()))
        .isEqualTo("{\"status\":\"BEGIN\",\"id\":\"1:0/5A0\",\"ts_ms\":1767323045678}");
    assertThat(text(all.getLast().value()))
        .isEqualTo(
            "{\"status\":\"END\",\"id\":\"1:0/5A0\",\"ts_ms\":1767323045678,\"event_count\":3,\"data_collections\":[{\"data_collection\":\"public.orders\",\"event_count\":3}]}");
    assertThat(all).allMatch(record -> header(record, "freshet-position").equals("1:0/5A0"));
  }

  @Test
  void changeOfAKeyIsTheEndOfOneRowAndTheBeginOfAnother() {
    List<ProducerRecord<byte[], byte[]>> all =
        records(
            orders(),
            new RowChange.Delete(ORDERS, List.of("1")),
            new RowChange.Upsert(ORDERS, List.of("2", "moved"), List.of("1")));
    assertThat(all.subList(1, 4))
        .extracting(record -> text(record.key()))
        .containsExactly("{\"id\":1}", "{\"id\":1}", "{\"id\":2}");
    assertThat(text(all.get(3).value())).contains("\"op\":\"c\"");
  }

  @Test
  void ofOtherTablesNothingIsTold() {
    assertThat(records(orders(), new RowChange.Upsert(new TableName("a", "b"), List.of("1"), null)))
        .isEmpty();
  }

  @Test
  void whatNoBrokerTakesIsLeftOutAndSaysSo() {
    List<ProducerRecord<byte[], byte[]>> all =
        records(
            orders(),
            new RowChange.Upsert(ORDERS, List.of("1", "x".repeat(2_000_000)), null, true, null));
    assertThat(text(all.get(1).value())).contains("\"after\":{\"id\":1},");
    assertThat(Long.parseLong(header(all.get(1), "freshet-too-large"))).isGreaterThan(2_000_000);
  }

  @Test
  void valuesAreWhatTheirTypesAreInJson() {
    TableName name = new TableName("public", "typed");
    SourceTable typed =
        table(
            name,
            List.of("a"),
            "a bigint",
            "b numeric(10,2)",
            "c double precision",
            "d double precision",
            "e boolean",
            "f jsonb",
            "g timestamp with time zone",
            "h timestamp without time zone",
            "i timestamp with time zone",
            "j text[]",
            "k text",
            "l date");
    List<ProducerRecord<byte[], byte[]>> all =
        records(
            new TableTopics("shop", "db", Map.of(name, typed), topic -> 6),
            new RowChange.Upsert(
                name,
                List.of(
                    "9007199254740993",
                    "12.30",
                    "1e-7",
                    "NaN",
                    "t",
                    "{\"x\": [1, null]}",
                    "2026-01-02 03:04:05.678+01",
                    "2026-01-02 03:04:05",
                    "infinity",
                    "{a,b}",
                    RowChange.UNCHANGED,
                    "2026-01-02"),
                null,
                true,
                null));
    assertThat(text(all.get(1).value()))
        .contains(
            "\"after\":{\"a\":9007199254740993,\"b\":\"12.30\",\"c\":1.0E-7,\"d\":\"NaN\",\"e\":true,\"f\":{\"x\":[1,null]},"
                + "\"g\":\"2026-01-02T03:04:05.678+01:00\",\"h\":\"2026-01-02T03:04:05\",\"i\":\"infinity\",\"j\":\"{a,b}\","
                + "\"k\":\"__debezium_unavailable_value\",\"l\":\"2026-01-02\"}");
    String schema =
        text(
            new TableTopics("shop", "db", Map.of(name, typed), topic -> 6)
                .schemas()
                .getFirst()
                .value());
    assertThat(schema)
        .contains(
            "\"a\":{\"type\":[\"integer\",\"null\"],\"description\":\"bigint\"}",
            "\"b\":{\"type\":[\"string\",\"null\"],\"description\":\"numeric(10,2)\"}",
            "\"f\":{\"description\":\"jsonb\"}",
            "\"key\":[\"a\"]");
  }

  @Test
  void eventsOfAStreamAreInOnePartition() {
    TableName name = new TableName("public", "event");
    SourceTable events =
        table(
            name,
            List.of("stream", "version"),
            "stream text",
            "version bigint",
            "type text",
            "data jsonb",
            "meta jsonb",
            "at timestamp with time zone");
    List<Integer> partitions = new ArrayList<>();
    for (int version = 1; version <= 20; version++) {
      partitions.add(
          records(
                  new TableTopics("shop", "db", Map.of(name, events), topic -> 6),
                  new RowChange.Upsert(
                      name,
                      List.of("account-7", "" + version, "Opened", "{}", "{}", "now"),
                      null,
                      true,
                      null))
              .get(1)
              .partition());
    }
    assertThat(partitions).doesNotContainNull().containsOnly(partitions.getFirst());
  }

  private static SourceTable outbox(String payload) {
    return table(
        OUTBOX,
        List.of("id"),
        "id uuid",
        "aggregatetype text",
        "aggregateid text",
        "type text",
        "payload " + payload);
  }

  @Test
  void outboxRowIsAMessageOfItsAggregateWithCloudEventsHeaders() {
    SourceTable outbox = outbox("jsonb");
    List<String> made = new ArrayList<>();
    List<ProducerRecord<byte[], byte[]>> all =
        records(
            new Outbox("shop", outbox, made::add),
            new RowChange.Upsert(
                OUTBOX,
                List.of("u1", "Order Line", "42", "Placed", "{\"n\": 1}"),
                null,
                true,
                null),
            new RowChange.Upsert(
                OUTBOX, List.of("u1", "Order Line", "42", "Placed", "{\"n\": 2}"), null),
            new RowChange.Delete(OUTBOX, List.of("u1")));
    assertThat(all).hasSize(1);
    ProducerRecord<byte[], byte[]> message = all.getFirst();
    assertThat(message.topic()).isEqualTo("outbox.event.Order_Line");
    assertThat(made).containsExactly("outbox.event.Order_Line");
    assertThat(text(message.key())).isEqualTo("42");
    assertThat(text(message.value())).isEqualTo("{\"n\": 1}");
    assertThat(
            List.of(
                header(message, "id"),
                header(message, "ce_specversion"),
                header(message, "ce_id"),
                header(message, "ce_type"),
                header(message, "ce_source"),
                header(message, "ce_subject"),
                header(message, "ce_time"),
                header(message, "content-type")))
        .containsExactly(
            "u1",
            "1.0",
            "u1",
            "Placed",
            "/shop",
            "42",
            "2026-01-02T03:04:05.678901Z",
            "application/json");
    assertThatThrownBy(
            () -> new Outbox("shop", table(OUTBOX, List.of("id"), "id uuid"), topic -> {}))
        .isInstanceOf(SyncRefused.class)
        .hasMessageContaining("aggregatetype");
  }

  /** Compacted topics take no record without a key, and no broker one of any size. */
  @Test
  void nothingIsSentThatABrokerRefuses() {
    List<ProducerRecord<byte[], byte[]>> all = records(orders(), new RowChange.Truncate(ORDERS));
    assertThat(text(all.get(1).key())).isEqualTo("{}");
    assertThat(text(all.get(1).value())).contains("\"op\":\"t\"");
    SourceTable outbox = outbox("text");
    ProducerRecord<byte[], byte[]> message =
        records(
                new Outbox("shop", outbox, topic -> {}),
                new RowChange.Upsert(
                    OUTBOX,
                    List.of("u1", "Order", "42", "Placed", "x".repeat(2_000_000)),
                    null,
                    true,
                    null))
            .getFirst();
    assertThat(message.value()).isEmpty();
    assertThat(header(message, "freshet-too-large")).isEqualTo("2000000");
  }
}
