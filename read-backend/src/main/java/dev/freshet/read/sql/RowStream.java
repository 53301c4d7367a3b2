package dev.freshet.read.sql;

import dev.freshet.read.query.Representation;
import dev.freshet.read.store.Answer;
import dev.freshet.read.store.Question;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.SynchronousSink;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * The rows of a long answer, read from a portal as the client takes them. It holds a connection,
 * and its snapshot, until it ends: for {@link #LONGEST} at most.
 */
final class RowStream {

  private static final Logger log = LoggerFactory.getLogger(RowStream.class);

  /** How long an answer may take to be written. */
  private static final Duration LONGEST = Duration.ofSeconds(60);

  /** A request that was given up meanwhile never asks for its rows. */
  private static final Duration SUBSCRIBED_WITHIN = Duration.ofSeconds(2);

  private static final int CHUNK = 64 * 1024;
  private static final int FETCHED_BYTES = 1024 * 1024;
  private static final int FEW_ROWS_FETCHED = 10;
  private static final int MOST_ROWS_FETCHED = 1_000;

  private final Connection connection;
  private final PreparedStatement statement;
  private final ResultSet rows;
  private final boolean isCsv;
  private final String begin;
  private final Disposable limit;
  private final Disposable unused;
  private final Scheduler blocking;
  private final AtomicBoolean isSubscribed = new AtomicBoolean();
  private final AtomicBoolean isClosed = new AtomicBoolean();
  private final Runnable afterwards;
  private final long mostBytes;
  private boolean hasBegun;
  private long number;
  private long bytes;

  private RowStream(
      Connection connection,
      PreparedStatement statement,
      ResultSet rows,
      Question question,
      long mostBytes,
      Scheduler blocking,
      Runnable afterwards) {
    this.afterwards = afterwards;
    this.mostBytes = mostBytes;
    this.connection = connection;
    this.statement = statement;
    this.rows = rows;
    this.isCsv = question.form() == Representation.CSV;
    this.begin =
        isCsv ? Csv.header(SelectStatement.names(question.model(), question.query())) : "[";
    this.blocking = blocking;
    this.limit = later(this::giveUp, LONGEST);
    this.unused = later(this::closeIfUnused, SUBSCRIBED_WITHIN);
  }

  /**
   * Begins to read.
   *
   * @param connection in a transaction, which is the stream's from now on
   * @param mostBytes of the answer, which ends unfinished beyond them; 0 for any number
   * @param afterwards called once it has ended
   */
  static RowStream open(
      Connection connection,
      Question question,
      long rowLimit,
      long mostBytes,
      Scheduler blocking,
      Runnable afterwards)
      throws SQLException {
    SelectStatement lines = RowsStatement.lines(question, rowLimit);
    PreparedStatement statement = connection.prepareStatement(lines.sql());
    SqlCall.bind(statement, lines.values());
    statement.setFetchSize(FEW_ROWS_FETCHED);
    return new RowStream(
        connection, statement, statement.executeQuery(), question, mostBytes, blocking, afterwards);
  }

  private Disposable later(Runnable what, Duration wait) {
    return Schedulers.parallel()
        .schedule(() -> blocking.schedule(what), wait.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void closeIfUnused() {
    if (!isSubscribed.get()) {
      close();
    }
  }

  Answer.Body body() {
    Flux<byte[]> bytes =
        Flux.<byte[], RowStream>generate(
                () -> {
                  isSubscribed.set(true);
                  return this;
                },
                (stream, sink) -> {
                  stream.next(sink);
                  return stream;
                },
                stream -> blocking.schedule(stream::close))
            .subscribeOn(blocking);
    return new Answer.Body.Streamed(bytes, () -> blocking.schedule(this::close));
  }

  private void next(SynchronousSink<byte[]> sink) {
    ByteArrayOutputStream chunk = new ByteArrayOutputStream(CHUNK);
    try {
      if (!hasBegun) {
        add(chunk, begin);
      }
      while (chunk.size() < CHUNK) {
        if (!rows.next()) {
          add(chunk, isCsv ? "" : "]");
          sink.next(chunk.toByteArray());
          sink.complete();
          return;
        }
        add(chunk, isCsv ? "\n" : hasBegun ? ", " : "");
        hasBegun = true;
        byte[] row = rows.getBytes(1);
        chunk.writeBytes(row);
        count(row);
      }
      sink.next(chunk.toByteArray());
    } catch (SQLException e) {
      log.warn("An answer ends before its last row: {}", e.getMessage());
      sink.error(e);
    }
  }

  /** As many rows are fetched at once as take about as much memory. */
  private void count(byte[] row) throws SQLException {
    bytes += row.length;
    if (++number % FEW_ROWS_FETCHED == 0) {
      rows.setFetchSize(
          Math.clamp(FETCHED_BYTES * number / Math.max(1, bytes), 1, MOST_ROWS_FETCHED));
    }
    if (mostBytes > 0 && bytes > mostBytes) {
      throw new SQLException("it is longer than %d bytes".formatted(mostBytes));
    }
  }

  private static void add(ByteArrayOutputStream chunk, String text) {
    chunk.writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Nobody takes the rows. */
  private void giveUp() {
    if (!isClosed.get()) {
      log.warn(
          "An answer was not taken within {} s; its connection is closed", LONGEST.toSeconds());
      try {
        connection.abort(Runnable::run);
      } catch (SQLException e) {
        log.debug("A connection can't be closed", e);
      }
      close();
    }
  }

  void close() {
    if (!isClosed.compareAndSet(false, true)) {
      return;
    }
    limit.dispose();
    unused.dispose();
    afterwards.run();
    try (connection;
        statement;
        rows) {
      connection.rollback();
    } catch (SQLException e) {
      log.debug("A connection can't be given back", e);
    }
  }
}
