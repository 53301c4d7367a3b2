package dev.freshet.sync.slot;

import dev.freshet.sync.capture.ChangeCapture;
import dev.freshet.sync.capture.ClockWatch;
import dev.freshet.sync.source.Capture;
import dev.freshet.sync.source.CaptureRequest;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.TransactionListener;
import dev.freshet.sync.task.BackgroundTasks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The stream of a slot. Beside it the pinger keeps the place true, and two look out for what ends
 * it: another primary, and a clock that is set back.
 */
final class SlotCapture implements Capture {

  private static final Logger log = LoggerFactory.getLogger(SlotCapture.class);

  private final SourceDatabase watching;
  private final ChangeCapture engine;
  private final SourceClock sourceClock;
  private final Pinger pinger;
  private final PrimaryWatch primaryWatch;
  private volatile boolean closed;

  /**
   * Prepares a stream.
   *
   * @param source used by the pinger while it runs
   * @param watching used to look at tables before each batch; closed with this
   */
  SlotCapture(
      SlotSources.Settings settings,
      SourceDatabase source,
      SourceDatabase watching,
      Slot slot,
      CaptureRequest request)
      throws SQLException {
    this.watching = watching;
    int epoch = source.place().epoch();
    this.sourceClock = new SourceClock(source);
    this.pinger =
        new Pinger(
            source, slot, request.applied(), request.observer(), sourceClock, settings.clock());
    this.primaryWatch = new PrimaryWatch(settings.servers(), settings.primary(), epoch);
    SchemaWatch schemaWatch =
        new SchemaWatch(new SourceCatalogue(watching), request.tables(), request.definitions());
    this.engine =
        new ChangeCapture(
            settings.primary(), slot.name(), epoch, request, checked(schemaWatch, request));
  }

  private static TransactionListener checked(SchemaWatch schema, CaptureRequest request) {
    return transactions -> request.listener().committed(transactions, schema::check);
  }

  @Override
  public void run() {
    if (closed) {
      return;
    }
    BackgroundTasks beside = new BackgroundTasks(this::closeEngine);
    beside.start("pinger", pinger::run);
    beside.start("primary", primaryWatch::run);
    beside.start("clock", ClockWatch::run);
    try {
      engine.run();
    } finally {
      beside.end();
    }
    if (!closed) {
      beside.rethrow();
    }
  }

  void wish(Place wanted) {
    pinger.wish(wanted);
  }

  Instant now() {
    return sourceClock.now();
  }

  private void closeEngine() {
    try {
      engine.close();
    } catch (IOException e) {
      throw new UncheckedIOException("The capture can't be closed: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    closed = true;
    closeEngine();
    try {
      watching.close();
    } catch (SQLException e) {
      log.debug("A connection can't be closed", e);
    }
  }
}
