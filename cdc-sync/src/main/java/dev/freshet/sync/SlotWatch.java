package dev.freshet.sync;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.postgres.PrimaryPosition;
import dev.freshet.sync.connection.Connections;
import dev.freshet.sync.slot.Slot;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.status.Observation;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * Looks at the slot while no session does: the primary keeps its log for a sync that is interrupted
 * or refused, too, whatever it is that keeps it from going on.
 */
public final class SlotWatch implements Consumer<Observation>, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SlotWatch.class);

  private static final Duration LOOK_EVERY = Duration.ofSeconds(2);

  private final Supplier<PostgresUrl> primary;
  private final String slot;
  private final Consumer<Observation> observer;
  private final Clock clock;
  private final Thread thread = Thread.ofVirtual().name("slot watch").unstarted(this::run);

  private volatile boolean isNeeded;

  /**
   * Prepares to look.
   *
   * @param primary finds the server that is the primary now
   * @param slot its name
   */
  public SlotWatch(
      Supplier<PostgresUrl> primary, String slot, Consumer<Observation> observer, Clock clock) {
    this.primary = primary;
    this.slot = slot;
    this.observer = observer;
    this.clock = clock;
  }

  public void start() {
    thread.start();
  }

  /** Others look while they stream or are paused, and at another leader's slot that one does. */
  @Override
  public void accept(Observation observation) {
    if (observation instanceof Observation.Became(Observation.State state, String reason)) {
      isNeeded =
          switch (state) {
            case RETRYING, REFUSED, SNAPSHOT -> true;
            case STARTING, STANDBY, PAUSED, STREAMING -> false;
          };
      if (isNeeded) {
        LockSupport.unpark(thread);
      }
    }
  }

  private void run() {
    while (!Thread.currentThread().isInterrupted()) {
      if (isNeeded) {
        look();
      }
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
    }
  }

  private void look() {
    Observation seen;
    try (Connection connection = Connections.openToLook(primary.get())) {
      seen =
          new Observation.SlotSeen(
              new Slot(JdbcClient.create(new SingleConnectionDataSource(connection, true)), slot)
                  .claim()
                  .orElse(null),
              Place.of(PrimaryPosition.ask(connection)),
              clock.instant());
    } catch (SQLException | RuntimeException e) {
      log.debug("The slot can't be checked", e);
      seen = new Observation.SlotUnseen();
    }
    if (isNeeded) {
      observer.accept(seen);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
