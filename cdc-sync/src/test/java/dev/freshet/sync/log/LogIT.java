package dev.freshet.sync.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.broker.BrokerNode;
import dev.freshet.sync.model.EndSession;
import dev.freshet.sync.source.Changes;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SourceTransaction;
import java.io.BufferedReader;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** The log on a real broker, through kills of its writers and of the broker. */
class LogIT {

  private static final int KILLS = Boolean.getBoolean("freshet.long") ? 25 : 5;
  private static final long SECONDS = 60;
  private static final String TOLD = "wrote ";
  private static final int PORT = 21_690 + 1_000 * Integer.getInteger("freshet.test.fork", 1);

  @TempDir static Path folder;

  private static BrokerNode broker;
  private static Map<String, Object> client = Map.of();

  private LogAccess access = new LogAccess(new LogTopic("none"), client);

  @BeforeAll
  static void start() {
    broker = BrokerNode.start(folder.resolve("broker"), PORT);
    client = Map.of("bootstrap.servers", broker.bootstrap());
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  @BeforeEach
  void makeTopic(TestInfo test) throws Exception {
    access = new LogAccess(new LogTopic(test.getTestMethod().orElseThrow().getName()), client);
    access.make();
    access.make(); // another one may have been faster
  }

  private LogWriter takeOver() {
    return takeOver(access);
  }

  /** As a publisher does, which says what holds before it writes. */
  private static LogWriter takeOver(LogAccess access) {
    LogWriter writer = LogWriter.takeOver(access);
    writer.state(Written.state(), Map.of(), Instant.now());
    return writer;
  }

  private static void write(LogWriter writer, long first, long last) {
    writer.write(
        LongStream.rangeClosed(first, last).mapToObj(Written::transaction).toList(), () -> {});
  }

  /** Reads until a transaction has come. */
  private List<String> read(Place applied, long last) throws Exception {
    LinkedBlockingQueue<String> all = new LinkedBlockingQueue<>();
    Reading.of(
        access,
        applied,
        transaction -> {
          all.add(Written.text(transaction));
          return transaction.end().equals(Written.place(last));
        });
    return List.copyOf(all);
  }

  private static List<String> expected(long first, long last) {
    return LongStream.rangeClosed(first, last)
        .mapToObj(number -> Written.text(Written.transaction(number)))
        .toList();
  }

  @Test
  void eachTransactionIsReadOnceFromAnyPlaceOn() throws Exception {
    try (LogWriter writer = takeOver()) {
      for (long number = 1; number <= 300; number += 10) {
        write(writer, number, number + 9);
      }
      assertThat(writer.end()).isEqualTo(Written.place(300));
    }
    assertThat(read(Place.START, 300)).isEqualTo(expected(1, 300));
    for (long applied : new long[] {1, 57, 150, 299}) {
      assertThat(read(Written.place(applied), 300)).isEqualTo(expected(applied + 1, 300));
    }
    try (LogWriter next = takeOver()) {
      assertThat(next.end()).isEqualTo(Written.place(300));
      write(next, 290, 310); // some of it again, as a slot sends it
    }
    assertThat(read(Place.START, 310)).isEqualTo(expected(1, 310));
  }

  @Test
  void whatDoesNotFitIntoMemoryComesWhole() throws Exception {
    try (LogWriter writer = takeOver()) {
      writer.write(List.of(Written.transaction(1), Written.large(2, 40 << 20)), () -> {});
      write(writer, 3, 4);
    }
    List<String> all = read(Place.START, 4);
    assertThat(all).hasSize(4);
    assertThat(all.get(1)).isEqualTo(Written.text(Written.large(2, 40 << 20)));
  }

  @Test
  void writerThatIsShutOutWritesNothing() throws Exception {
    try (LogWriter first = takeOver()) {
      write(first, 1, 5);
      try (LogWriter second = takeOver()) {
        assertThatThrownBy(() -> write(first, 6, 7)).isInstanceOf(Fenced.class);
        write(second, 6, 9);
      }
    }
    assertThat(read(Place.START, 9)).isEqualTo(expected(1, 9));
  }

  /** For a large transaction the producer is opened again, which must not shut the next one out. */
  @Test
  void writerThatWasShutOutNoticesItWithALargeTransactionToo() throws Exception {
    try (LogWriter first = takeOver()) {
      write(first, 1, 5);
      try (LogWriter second = takeOver()) {
        write(second, 6, 9);
        assertThatThrownBy(() -> first.write(List.of(manyRows(6)), () -> {}))
            .isInstanceOf(Fenced.class);
        assertThatThrownBy(() -> write(first, 6, 7)).isInstanceOf(LogUnreachable.class);
      }
    }
    assertThat(read(Place.START, 9)).isEqualTo(expected(1, 9));
  }

  private static SourceTransaction manyRows(long number) {
    Changes changes = new Changes();
    for (int i = 0; i < Changes.MOST_IN_MEMORY + 10; i++) {
      changes.add(new RowChange.Upsert(Written.TABLE, List.of("k" + i, "v"), null));
    }
    return new SourceTransaction(
        Written.place(number), Instant.ofEpochMilli(number), changes, null);
  }

  @Test
  void transactionsThatMeanSomethingElseByNowAreNotThere() throws Exception {
    try (LogWriter writer = takeOver()) {
      write(writer, 1, 3);
      assertThatThrownBy(
              () ->
                  writer.write(
                      List.of(Written.transaction(4)),
                      () -> {
                        throw EndSession.outdated("Table kv was altered.");
                      }))
          .isInstanceOf(EndSession.class);
    }
    try (LogWriter next = takeOver()) {
      assertThat(next.end()).isEqualTo(Written.place(3));
      write(next, 4, 5);
    }
    assertThat(read(Place.START, 5)).isEqualTo(expected(1, 5));
  }

  @Test
  void copyThatWasAwayForTooLongIsTold() throws Exception {
    try (LogWriter writer = takeOver()) {
      write(writer, 1, 20);
      assertThat(Reading.start(access, Place.START)).isPresent();
      writer.state(Written.state(), Map.of(), Instant.now());
      write(writer, 21, 40);
    }
    try (Admin admin = Admin.create(client)) {
      admin
          .deleteRecords(
              Map.of(
                  access.topic().partition(), RecordsToDelete.beforeOffset(offsetOfSecondState())))
          .all()
          .get();
    }
    assertThat(Reading.start(access, Place.START)).isEmpty();
    assertThat(Reading.start(access, Written.place(19))).isEmpty();
    for (long applied : new long[] {20, 30, 39}) {
      assertThat(read(Written.place(applied), 40)).isEqualTo(expected(applied + 1, 40));
    }
  }

  private long offsetOfSecondState() {
    try (LogRecords records = LogRecords.toSearch(access)) {
      long offset = LogStart.after(Written.place(20), records).orElseThrow().offset();
      return Chunk.of(records.first(offset, records.end()).orElseThrow().value()).stateAt();
    }
  }

  @Test
  void aBrokerThatAKilledParentHasLeftIsEnded() {
    Path own = folder.resolve("left");
    try (BrokerNode left = BrokerNode.start(own, PORT + 4);
        BrokerNode next = BrokerNode.start(own, PORT + 4)) {
      assertThat(left.process().isAlive()).isFalse();
      assertThat(next.process().isAlive()).isTrue();
    }
  }

  /** A process that writes transaction after transaction, and tells of each. */
  public static final class Writer {

    private Writer() {}

    /** Goes on from the log's end until it is killed. */
    public static void main(String[] arguments) {
      LogWriter writer =
          takeOver(
              new LogAccess(new LogTopic(arguments[1]), Map.of("bootstrap.servers", arguments[0])));
      for (long next = writer.end().value() + 1; ; next += 5) {
        write(writer, next, next + 4);
        System.out.println(TOLD + (next + 4));
      }
    }
  }

  private Process startWriter() throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path")
                + File.pathSeparator
                + System.getProperty("surefire.test.class.path", ""),
            Writer.class.getName(),
            broker.bootstrap(),
            access.log())
        .redirectError(folder.resolve("writer.err").toFile())
        .start();
  }

  @Test
  void nothingIsLostTornOrDoubledWhereWritersAreKilled() throws Exception {
    Random random = new Random(Long.getLong("freshet.seed", System.nanoTime()));
    long acknowledged = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Process writer = startWriter();
      try (BufferedReader told = writer.inputReader(StandardCharsets.UTF_8)) {
        int written = 20 + random.nextInt(60);
        while (written > 0) {
          String line = told.readLine(); // Kafka's client may log between
          if (line.startsWith(TOLD)) {
            acknowledged = Long.parseLong(line.substring(TOLD.length()));
            written--;
          }
        }
      } finally {
        writer.destroyForcibly().waitFor();
      }
    }
    long last;
    try (LogWriter end = takeOver()) {
      last = end.end().value();
    }
    assertThat(last).isGreaterThanOrEqualTo(acknowledged);
    assertThat(read(Place.START, last)).isEqualTo(expected(1, last));
  }

  @Test
  void writersGoOnAfterTheBrokerWasKilled() throws Exception {
    List<Long> ends = new ArrayList<>();
    for (int kill = 0; kill < 2; kill++) {
      try (LogWriter writer = takeOver()) {
        long next = writer.end().value() + 1;
        write(writer, next, next + 20);
        ends.add(writer.end().value());
        broker.kill();
        CompletableFuture<Void> again = CompletableFuture.runAsync(broker::startAgain);
        try {
          write(writer, next + 21, next + 30);
        } catch (LogUnreachable e) {
          // Whether it is there is for the next writer to find out.
        }
        again.get(SECONDS, TimeUnit.SECONDS);
      }
    }
    long last;
    try (LogWriter writer = takeOver()) {
      last = writer.end().value();
      write(writer, last + 1, last + 5);
    }
    assertThat(last).isGreaterThanOrEqualTo(ends.getLast());
    assertThat(read(Place.START, last + 5)).isEqualTo(expected(1, last + 5));
  }
}
