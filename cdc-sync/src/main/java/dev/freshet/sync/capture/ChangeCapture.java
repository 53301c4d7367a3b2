package dev.freshet.sync.capture;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.postgres.RootCause;
import dev.freshet.protocol.Lsn;
import dev.freshet.sync.model.EndSession;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.CaptureRequest;
import dev.freshet.sync.source.Changes;
import dev.freshet.sync.source.ListenerFailed;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.SourceTransaction;
import dev.freshet.sync.source.TransactionListener;
import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run of the engine, from its start until it ends or is closed. */
public final class ChangeCapture implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ChangeCapture.class);

  private static final String TOPIC_PREFIX = "freshet";
  private static final String TRANSACTION_TOPIC = TOPIC_PREFIX + ".transaction";

  private static final String PRINTING =
      "-c IntervalStyle=postgres -c lc_monetary=C -c bytea_output=hex -c extra_float_digits=1";

  private static final int ROWS_A_BATCH = 8_192;
  private static final int ROWS_QUEUED = 32_768;
  private static final long BYTES_QUEUED = 64L << 20;

  /** How long the engine may take to start or to stop; minutes by default. */
  private static final Duration START_TIMEOUT = Duration.ofSeconds(30);

  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(15);

  /** Once it is stopped; it takes milliseconds. */
  private static final Duration END_TIMEOUT = Duration.ofSeconds(5);

  /** Parameters of a connection that Debezium has under names of its own. */
  private static final Map<String, String> TLS =
      Map.of(
          "sslmode", "database.sslmode",
          "sslrootcert", "database.sslrootcert",
          "sslcert", "database.sslcert",
          "sslkey", "database.sslkey",
          "sslpassword", "database.sslpassword");

  private final TransactionListener listener;
  private final RecordReader reader;
  private final Lsn applied;
  private final int epoch;
  private final EngineRun engine;
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  private volatile boolean isHandling;

  /** Changes of the transaction whose end has not come yet. */
  private Changes open = new Changes();

  private @Nullable String openTrace;

  /**
   * Prepares the engine.
   *
   * @param slot name of slot and publication
   * @param epoch that the source is in now
   * @param request what is captured, and where to go on from
   * @param listener takes the transactions
   */
  public ChangeCapture(
      PostgresUrl primary,
      String slot,
      int epoch,
      CaptureRequest request,
      TransactionListener listener) {
    this.listener = listener;
    this.applied = request.applied().get().position().lsn();
    this.epoch = epoch;
    String placeholder = UUID.randomUUID().toString();
    this.reader = new RecordReader(request, placeholder);
    this.engine =
        new EngineRun(
            DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
                .using(properties(primary, slot, request.tables(), applied, placeholder))
                .using((success, message, error) -> failure.compareAndSet(null, error))
                .notifying(this::handle)
                .build(),
            STOP_TIMEOUT,
            END_TIMEOUT,
            () -> isHandling);
  }

  private static Properties properties(
      PostgresUrl primary,
      String slot,
      Map<TableName, SourceTable> tables,
      Lsn applied,
      String placeholder) {
    Properties properties = new Properties();
    properties.putAll(
        Map.ofEntries(
            Map.entry("name", slot),
            Map.entry("connector.class", TextConnector.class.getName()),
            Map.entry("topic.prefix", TOPIC_PREFIX),
            Map.entry("database.hostname", primary.host()),
            Map.entry("database.port", Integer.toString(primary.port())),
            Map.entry("database.dbname", primary.database()),
            Map.entry("database.user", primary.user()),
            Map.entry("plugin.name", "pgoutput"),
            Map.entry("slot.name", slot),
            Map.entry("publication.name", slot),
            Map.entry("publication.autocreate.mode", "disabled"),
            Map.entry("table.include.list", included(tables)),
            // Tables are copied by COPY, which is exact and faster.
            Map.entry("snapshot.mode", "no_data"),
            // The default leaves out TRUNCATE.
            Map.entry("skipped.operations", "none"),
            Map.entry("tombstones.on.delete", "false"),
            Map.entry("provide.transaction.metadata", "true"),
            // How the server prints what it sends; times are in the JVM's zone, with its offset.
            Map.entry("driver.options", PRINTING),
            // What is asked besides the stream; closing it, too, would wait without end.
            Map.entry("driver.socketTimeout", "30"),
            Map.entry("unavailable.value.placeholder", placeholder),
            // How long the queue waits for more to come; it is only asked when something has come.
            Map.entry("poll.interval.ms", "1"),
            // Nobody asks for its statistics of each record.
            Map.entry("statistics.metrics.enabled", "false"),
            Map.entry("max.batch.size", Integer.toString(ROWS_A_BATCH)),
            Map.entry("max.queue.size", Integer.toString(ROWS_QUEUED)),
            Map.entry("max.queue.size.in.bytes", Long.toString(BYTES_QUEUED)),
            Map.entry("offset.storage", AppliedOffset.class.getName()),
            Map.entry("offset.flush.interval.ms", "1000"),
            Map.entry("task.management.timeout.ms", Long.toString(START_TIMEOUT.toMillis())),
            // A run that fails ends; the next one starts from what was applied.
            Map.entry("errors.max.retries", "0"),
            Map.entry("slot.max.retries", "1")));
    TLS.forEach(
        (parameter, property) -> {
          String value = primary.parameters().get(parameter);
          if (value != null) {
            properties.setProperty(property, value);
          }
        });
    if (primary.password() != null) {
      properties.setProperty("database.password", primary.password());
    }
    String keys = keysThatAreNotPrimary(tables);
    if (!keys.isEmpty()) {
      properties.setProperty("message.key.columns", keys);
    }
    properties.setProperty(AppliedOffset.APPLIED_LSN, Long.toUnsignedString(applied.value()));
    return properties;
  }

  private static String keysThatAreNotPrimary(Map<TableName, SourceTable> tables) {
    return tables.values().stream()
        .filter(table -> !table.isPrimaryKey())
        .map(
            table ->
                Pattern.quote(table.name().schema())
                    + "\\."
                    + Pattern.quote(table.name().name())
                    + ":"
                    + String.join(",", table.key()))
        .collect(Collectors.joining(";"));
  }

  private static String included(Map<TableName, SourceTable> tables) {
    if (tables.isEmpty()) {
      return "no\\.table"; // an empty list would include all
    }
    return tables.keySet().stream()
        .map(table -> Pattern.quote(table.schema()) + "\\." + Pattern.quote(table.name()))
        .collect(Collectors.joining(","));
  }

  /**
   * Captures until it is closed or fails.
   *
   * @throws RuntimeException what ended it
   */
  public void run() {
    try {
      engine.run();
    } finally {
      open.close();
    }
    Throwable cause = failure.get();
    for (Throwable t = cause; t != null; t = t.getCause()) {
      if (t instanceof SyncRefused || t instanceof EndSession || t instanceof ListenerFailed) {
        throw (RuntimeException) t;
      }
    }
    if (cause != null) {
      throw new IllegalStateException(RootCause.message(cause), cause);
    }
  }

  private void handle(
      List<RecordChangeEvent<SourceRecord>> events,
      DebeziumEngine.RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
      throws InterruptedException {
    isHandling = true;
    try {
      handleAll(events, committer);
    } finally {
      isHandling = false;
    }
  }

  private void handleAll(
      List<RecordChangeEvent<SourceRecord>> events,
      DebeziumEngine.RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
      throws InterruptedException {
    List<SourceTransaction> committed = new ArrayList<>();
    RecordChangeEvent<SourceRecord> lastEnd = null;
    for (RecordChangeEvent<SourceRecord> event : events) {
      SourceRecord captured = event.record();
      Struct value = (Struct) captured.value();
      if (captured.topic().equals(TRANSACTION_TOPIC)) {
        if (value.getString("status").equals("END")) {
          endTransaction(captured, value, committed);
          lastEnd = event;
        }
      } else if (LogicalMessage.is(value)) {
        openTrace = LogicalMessage.trace(value).orElse(openTrace);
      } else {
        reader.read(captured, value).ifPresent(open::add);
      }
    }
    if (!committed.isEmpty()) {
      try {
        listener.committed(committed);
      } finally {
        committed.forEach(transaction -> transaction.changes().close());
      }
    }
    if (lastEnd != null) {
      committer.markProcessed(lastEnd);
      committer.markBatchFinished();
    }
  }

  private void endTransaction(SourceRecord end, Struct value, List<SourceTransaction> committed) {
    Lsn at = new Lsn(offset(end, "lsn_commit"));
    // The slot sends again what was applied but not yet confirmed to it.
    if (at.compareTo(applied) > 0) {
      committed.add(
          new SourceTransaction(
              new Place(epoch, at.value()),
              Instant.ofEpochMilli(value.getInt64("ts_ms")),
              open,
              openTrace));
    } else {
      log.debug("Passing over a transaction that ended at {}, applied is {}", at, applied);
      open.close();
    }
    open = new Changes();
    openTrace = null;
  }

  private static long offset(SourceRecord captured, String name) {
    return ((Number)
            Objects.requireNonNull(
                captured.sourceOffset().get(name), () -> "No " + name + " in " + captured))
        .longValue();
  }

  /** Ends the run. */
  @Override
  public void close() throws IOException {
    engine.close();
  }
}
