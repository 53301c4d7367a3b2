package dev.freshet.sync;

import dev.freshet.sync.capture.UnclearColumns;
import dev.freshet.sync.model.SessionOver;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.status.Observation;
import dev.freshet.sync.status.Observation.State;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one read database in step, session by session: whatever fails ends the session, and the
 * next one goes on from what was applied.
 */
final class Synchronizer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Synchronizer.class);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final Duration STANDBY_PAUSE = Duration.ofMillis(500);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(20);

  private final SyncSettings settings;
  private final Consumer<Observation> observer;
  private final Clock clock;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run, "synchronizer");

  private volatile @Nullable Session session;

  Synchronizer(SyncSettings settings, Consumer<Observation> observer, Clock clock) {
    this.settings = settings;
    this.observer = observer;
    this.clock = clock;
  }

  void start() {
    thread.start();
  }

  private void run() {
    Duration pause = FIRST_PAUSE;
    Set<TableName> copyAnew = new HashSet<>();
    while (!isClosed()) {
      Session running = new Session(settings, copyAnew, observer, clock);
      session = running;
      copyAnew.clear();
      try {
        pause =
            switch (running.run()) {
              case OTHER_LEADS -> {
                become(State.STANDBY, "Another process keeps this read database in step.");
                yield STANDBY_PAUSE;
              }
              case PAUSED -> {
                become(State.PAUSED, "Paused by an operator; the slot holds the log back.");
                yield STANDBY_PAUSE;
              }
              case ENDED -> FIRST_PAUSE;
            };
      } catch (SessionOver e) {
        log.info("{} A new session sees to it.", e.getMessage());
        if (e instanceof UnclearColumns unclear) {
          copyAnew.add(unclear.table());
        }
        pause = Duration.ZERO;
      } catch (SyncRefused e) {
        become(State.REFUSED, String.valueOf(e.getMessage()));
        pause = LONGEST_PAUSE;
      } catch (SQLException | RuntimeException e) {
        if (!isClosed()) {
          log.debug("The session ended", e);
          become(State.RETRYING, String.valueOf(e.getMessage()));
        }
        Duration longer = pause.isZero() ? FIRST_PAUSE : pause.multipliedBy(2);
        pause = longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
      }
      await(pause);
    }
  }

  /** Ends the session, so that the next one sees what was changed. */
  void startAnew() throws IOException {
    Session running = session;
    if (running != null) {
      running.end();
    }
  }

  /** Asks for a model to be built anew; false when nothing is streamed now. */
  boolean wish(String model) {
    Session running = session;
    return running != null && running.wish(model);
  }

  private void become(State state, String reason) {
    observer.accept(new Observation.Became(state, reason));
  }

  private boolean isClosed() {
    return closed.getCount() == 0;
  }

  private void await(Duration pause) {
    try {
      closed.await(pause.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closed.countDown();
    }
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    startAnew();
    try {
      thread.join(STOP_TIMEOUT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
