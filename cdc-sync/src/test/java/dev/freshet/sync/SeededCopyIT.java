package dev.freshet.sync;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.postgres.PostgresUrl;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Copies that follow a log get their rows from each other; of the primary they know nothing. */
class SeededCopyIT extends SyncTest {

  private @Nullable SyncProcess second;

  @Override
  boolean viaLog() {
    return true;
  }

  @BeforeEach
  void startFirst() throws Exception {
    execute(readServer(), "create database %s_second".formatted(database));
    onPrimary(
        "create table orders (id int primary key, note text); insert into orders select g, 'note ' || g from generate_series(1, 5000) g");
    model("orders", "/* key: id */ select o.id, o.note from orders o");
    sync = startSync();
    awaitInStep("orders");
  }

  @AfterEach
  void stopSecond() throws InterruptedException {
    if (second != null) {
      second.stop();
    }
  }

  private Path logFile() {
    return folder.resolve("second.log");
  }

  private SyncProcess startSecond() throws Exception {
    Map<String, Object> properties = new HashMap<>(properties(Map.of()));
    properties.put("freshet.sync.read-database", url(readServer()) + "_second");
    properties.put("freshet.sync.id", database + "_second");
    properties.put("freshet.sync.seed[0]", url(readServer()));
    return SyncProcess.start(properties, List.of(), logFile());
  }

  private String ofSecond(String sql) throws SQLException {
    PostgresUrl url = PostgresUrl.parse(url(readServer()) + "_second");
    try (Connection connection =
            DriverManager.getConnection(url.jdbcUrl(), url.user(), url.password());
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return String.valueOf(row.getString(1));
    }
  }

  private void awaitSecondEqual() throws Exception {
    String expected = query(primary(), hashes("orders"));
    await(
        () ->
            !ofSecond("select to_regclass('read.orders')").equals("null")
                && ofSecond(hashes("read.orders")).equals(expected));
  }

  @Test
  void newCopyIsMadeOfAnotherOneAtItsPosition() throws Exception {
    Thread writing = Thread.ofPlatform().start(this::writeOn);
    second = startSecond();
    awaitSecondsModel();
    writing.join();
    awaitSecondEqual();
    assertThat(
            query(
                primary(),
                "select count(*) from pg_stat_activity where application_name = 'freshet-sync-copy'"))
        .isEqualTo("0");
  }

  private void writeOn() {
    try {
      for (int i = 0; i < 300; i++) {
        onPrimary(
            "update orders set note = 'written %d' where id = %d".formatted(i, 1 + i * 13 % 5000));
      }
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  private void awaitSecondsModel() throws Exception {
    await(() -> !ofSecond("select to_regclass('read.orders')").equals("null"));
  }

  @Test
  void copyThatWasAwayForLongerThanTheLogReachesBackIsMadeAnew() throws Exception {
    second = startSecond();
    awaitSecondEqual();
    second.kill();
    onPrimary("update orders set note = 'while it was away'; delete from orders where id % 2 = 0");
    awaitInStep("orders");
    TopicPartition log = new TopicPartition("freshet.%s.log".formatted(database), 0);
    try (Admin admin =
        Admin.create(Map.of("bootstrap.servers", requireNonNull(broker).bootstrap()))) {
      long end =
          admin.listOffsets(Map.of(log, OffsetSpec.latest())).partitionResult(log).get().offset();
      killPublisher(); // its successor states again what holds
      onPrimary("insert into orders values (0, 'of the next publisher')");
      awaitInStep("orders");
      admin.deleteRecords(Map.of(log, RecordsToDelete.beforeOffset(end))).all().get();
    }
    second = startSecond();
    awaitSecondEqual();
    assertThat(Files.readString(logFile())).contains("does not reach back to");
  }

  @Test
  void tableOfANewModelIsCopiedWhileTheOthersGoOn() throws Exception {
    second = startSecond();
    awaitSecondEqual();
    onPrimary("create table item (id int primary key); insert into item values (1), (2)");
    model("items", "/* key: id */ select i.id from item i");
    awaitInStep("orders", "items");
    // The first has it from the primary, the second from the first.
    await(() -> !ofSecond("select to_regclass('read.items')").equals("null"));
    onPrimary("insert into item values (3); update orders set note = 'meanwhile'");
    awaitSecondEqual();
    await(() -> ofSecond("select count(*) from read.items").equals("3"));
  }

  /** As it is left where nobody wishes for a table any more, and somebody does again later. */
  @Test
  void tableThatWasNotPublishedForAWhileIsCopiedAgain() throws Exception {
    sync.close();
    String topic = "freshet.%s.wishes".formatted(database);
    try (Producer<String, String> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", requireNonNull(broker).bootstrap()),
            new StringSerializer(),
            new StringSerializer())) {
      producer.send(new ProducerRecord<>(topic, 0, database, null)).get();
    }
    killPublisher(); // its successor goes by the wishes that there are
    await(
        () ->
            query(
                    primary(),
                    "select count(*) from pg_publication_tables where pubname = 'freshet_log_%s'"
                        .formatted(database))
                .equals("0"));
    onPrimary("update orders set note = 'in no log' where id <= 10");
    sync = startSync();
    awaitInStep("orders");
  }
}
