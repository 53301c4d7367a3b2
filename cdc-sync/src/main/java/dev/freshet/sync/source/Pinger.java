package dev.freshet.sync.source;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.ReadDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * Keeps the applied position and the lag true on an idle system, too.
 *
 * <p>Once every {@value ReadDatabase#PING_SECONDS} s it asks how far the source's log is. Where the
 * log ends beyond what was applied, it writes a transaction of its own for the sync to arrive at: a
 * ping. Where it does not, the read database is level with the source, and nothing is written
 * there. It also pings when a reader waits for a position that no transaction ends at.
 */
public final class Pinger {

  private static final Duration IDLE = Duration.ofSeconds(ReadDatabase.CONFIRM_SECONDS);

  /** However many readers wait, and whatever for. */
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(2);

  /** How often the source's clock and the slot are looked at while nothing is written. */
  private static final Duration LOOK_WHILE_LEVEL = Duration.ofSeconds(10);

  private final SourceDatabase source;
  private final Slot slot;
  private final Connection listening;
  private final Supplier<Lsn> applied;
  private final Observer observer;
  private final SourceClock sourceClock;
  private final Clock clock;

  /**
   * A ping that was sent.
   *
   * @param message where it stands in the source's log
   * @param flushed how far the source's log was on disk
   * @param claim how the slot's claim on the log stands; null when there is no slot
   */
  public record Ping(Lsn message, Lsn flushed, Slot.@Nullable Claim claim, Instant at) {}

  /** Takes what the pinger finds. */
  public interface Observer {

    /** A ping was sent. */
    void pinged(Ping ping);

    /**
     * The source's log ended at what was applied.
     *
     * @param sinceNanos when the source was asked, of {@link System#nanoTime}
     */
    void level(Lsn applied, long sinceNanos, Instant at);

    /** The slot was looked at without a ping. */
    void sawSlot(Slot.@Nullable Claim claim, Lsn flushed, Instant at);
  }

  private Lsn lastPing = Lsn.ZERO;
  private Instant lastLook = Instant.EPOCH;

  /**
   * Prepares to ping.
   *
   * @param listening a connection to the read database, on which readers' wishes arrive
   * @param applied how far the read database is
   * @param sourceClock is asked again with each ping
   */
  public Pinger(
      SourceDatabase source,
      Slot slot,
      Connection listening,
      Supplier<Lsn> applied,
      Observer observer,
      SourceClock sourceClock,
      Clock clock) {
    this.source = source;
    this.slot = slot;
    this.listening = listening;
    this.applied = applied;
    this.observer = observer;
    this.sourceClock = sourceClock;
    this.clock = clock;
  }

  /** Pings until the thread is interrupted or a connection fails. */
  public void run() throws SQLException {
    try (Statement statement = listening.createStatement()) {
      statement.execute("listen " + ReadDatabase.WANTED_CHANNEL);
    }
    PGConnection notifications = listening.unwrap(PGConnection.class);
    Instant next = Instant.MIN;
    while (!Thread.currentThread().isInterrupted()) {
      Instant now = clock.instant();
      if (!now.isBefore(next)) {
        look(now);
        next = now.plus(IDLE);
      }
      long millis = Math.max(1, Duration.between(clock.instant(), next).toMillis());
      PGNotification[] wanted = notifications.getNotifications((int) millis);
      if (wanted != null && isAnyOutOfReach(wanted)) {
        next = now.plus(SHORTEST_PAUSE);
      }
    }
  }

  private void look(Instant now) throws SQLException {
    long sinceNanos = System.nanoTime();
    Lsn flushed = source.position().lsn();
    Lsn here = applied.get();
    if (flushed.compareTo(here) > 0) {
      ping(now);
      return;
    }
    observer.level(here, sinceNanos, now);
    if (Duration.between(lastLook, now).compareTo(LOOK_WHILE_LEVEL) >= 0) {
      lastLook = now;
      sourceClock.ask(source);
      observer.sawSlot(slot.claim().orElse(null), flushed, now);
    }
  }

  /** Whether a reader waits for more than what was applied and the last ping will bring. */
  private boolean isAnyOutOfReach(PGNotification[] wanted) throws SQLException {
    Lsn flushed = source.position().lsn();
    Lsn reached = applied.get().compareTo(lastPing) > 0 ? applied.get() : lastPing;
    for (PGNotification notification : wanted) {
      Lsn position = Lsn.parse(notification.getParameter());
      // Nobody has written beyond what is flushed; a ping does not make it so.
      if (position.compareTo(reached) > 0 && position.compareTo(flushed) <= 0) {
        return true;
      }
    }
    return false;
  }

  private void ping(Instant now) throws SQLException {
    lastPing = source.ping();
    lastLook = now;
    sourceClock.ask(source);
    observer.pinged(new Ping(lastPing, source.position().lsn(), slot.claim().orElse(null), now));
  }
}
