package dev.freshet.runtime.source;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.postgres.RootCause;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.PositionReport;
import dev.freshet.protocol.SourceKind;
import dev.freshet.protocol.TimelineHistory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Lets a read pass once the source is at or past a position.
 *
 * <p>One thread polls the source on a connection of its own: every {@link PositionSource#askAgain}
 * while somebody waits, when somebody asks and the last poll is older than {@link #RECENT}, and
 * every {@link #POLL_IDLE} otherwise. A waiter holds neither a thread nor a connection. There are
 * at most {@link #MAX_WAITERS}; one more is told at once that it won't get there.
 */
public final class FreshnessGate implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(FreshnessGate.class);

  /** Only so that a source that can't be reached is noticed before somebody asks. */
  private static final Duration POLL_IDLE = Duration.ofSeconds(2);

  /** What a poll found is answered with for this long. */
  private static final Duration RECENT = Duration.ofMillis(100);

  private static final Duration RECONNECT = Duration.ofMillis(200);

  /**
   * How long a position is waited for before the source is nudged; a commit under way needs less.
   */
  private static final Duration NUDGE_AFTER = Duration.ofMillis(5);

  /** How long a poll may take until nothing is known any more: a connection can die silently. */
  private static final Duration EXPIRES = Duration.ofSeconds(5);

  private static final int MAX_WAITERS = 10_000;

  /** Then it is given back, so that a pool that follows the primary can move it. */
  private static final Duration CONNECTION_HELD = Duration.ofMillis(500);

  /** How long a poll of one's own may be waited for. */
  private static final Duration LONGEST_ASKING = Duration.ofSeconds(1);

  /** The same for a report: whoever asks gives up after a second, and is to learn why before. */
  private static final Duration REPORT_WITHIN = Duration.ofMillis(400);

  /** The same for a read that may not wait; an answer takes less than a millisecond. */
  private static final Duration SHORTEST_ASKING = Duration.ofMillis(20);

  private final PositionSource source;
  private final Thread poller;

  /** Who wants to know what a poll finds that begins later than now. */
  private List<Sinks.One<Boolean>> asking = new ArrayList<>();

  /** By position, the lowest first; timelines are compared when a waiter's turn comes. */
  private final Queue<Waiter> waiters =
      new PriorityBlockingQueue<>(64, Comparator.comparing((Waiter waiter) -> waiter.wanted.lsn()));

  private final AtomicInteger waiting = new AtomicInteger();

  private volatile @Nullable Progress progress;
  private volatile @Nullable String systemIdentifier;
  private volatile long polledNanos = System.nanoTime();
  private volatile @Nullable String trouble;
  private volatile boolean closed;

  /** The poller's own. */
  private boolean isUnreachableTold;

  private record Waiter(Position wanted, long sinceNanos, Sinks.One<Boolean> reached) {}

  /** What came of waiting. */
  public sealed interface Arrival {

    /** The source is there. */
    record Reached() implements Arrival {}

    /**
     * It did not get there in time.
     *
     * @param at where it is instead; null when that is unknown
     */
    record TooLate(@Nullable Position at) implements Arrival {}
  }

  /**
   * The gate of a primary, which tells its history, too.
   *
   * @param name shown in logs, and to the server
   */
  public static FreshnessGate ofPrimary(String name, PostgresUrl url) {
    return of(new PrimarySource(), name, url);
  }

  /**
   * The gate of a PostgreSQL.
   *
   * @param name shown in logs, and to the server
   */
  public static FreshnessGate of(Source source, String name, PostgresUrl url) {
    return new FreshnessGate(new JdbcPositions(source, name, url));
  }

  /** The gate of any source, which it closes in the end. */
  public FreshnessGate(PositionSource source) {
    this.source = source;
    this.poller = Thread.ofVirtual().name("position-poller").unstarted(this::pollUntilClosed);
  }

  /** Starts polling. */
  public void start() {
    poller.start();
  }

  /**
   * Waits for the source.
   *
   * @param wanted the position to be at or past; null when any will do
   * @param maxWait how long to wait at most
   */
  public Mono<Arrival> reach(@Nullable Position wanted, Duration maxWait) {
    if (isAt(wanted)) {
      return Mono.just(new Arrival.Reached());
    }
    if (isRecent()) {
      return await(wanted, maxWait);
    }
    // Where the source was long ago says nothing against where it is now.
    Duration asking = maxWait.compareTo(SHORTEST_ASKING) > 0 ? maxWait : SHORTEST_ASKING;
    long began = System.nanoTime();
    return afresh(asking.compareTo(LONGEST_ASKING) < 0 ? asking : LONGEST_ASKING)
        .flatMap(
            asked -> {
              Duration left = maxWait.minusNanos(System.nanoTime() - began);
              return isAt(wanted)
                  ? Mono.just(new Arrival.Reached())
                  : await(wanted, left.isNegative() ? Duration.ZERO : left);
            });
  }

  private boolean isAt(@Nullable Position wanted) {
    Position at = position();
    return at != null && (wanted == null || at.isAtOrPast(wanted));
  }

  private boolean isRecent() {
    return System.nanoTime() - polledNanos <= RECENT.toNanos();
  }

  private Mono<Arrival> await(@Nullable Position wanted, Duration maxWait) {
    Position at = position();
    if (at == null || wanted == null || maxWait.isZero() || wanted.timeline() != at.timeline()) {
      return Mono.just(new Arrival.TooLate(at));
    }
    if (waiting.incrementAndGet() > MAX_WAITERS) {
      waiting.decrementAndGet();
      return Mono.just(new Arrival.TooLate(at));
    }
    Waiter waiter = new Waiter(wanted, System.nanoTime(), Sinks.one());
    waiters.add(waiter);
    LockSupport.unpark(poller);
    return waiter
        .reached
        .asMono()
        .timeout(maxWait, Mono.just(false))
        .<Arrival>map(reached -> reached ? new Arrival.Reached() : new Arrival.TooLate(position()))
        .doFinally(
            signal -> {
              waiters.remove(waiter);
              waiting.decrementAndGet();
            });
  }

  /** Where the source was at the last poll; null while that is unknown. */
  public @Nullable Position position() {
    Progress known = known();
    return known == null ? null : known.position();
  }

  /** Why the source's position is not known; empty while it is. */
  public Optional<String> trouble() {
    return Optional.ofNullable(trouble);
  }

  /** What the last poll found, unless that is too long ago to go by. */
  private @Nullable Progress known() {
    return System.nanoTime() - polledNanos > EXPIRES.toNanos() ? null : progress;
  }

  /**
   * The body of the position endpoint. A primary is asked again: everything that was committed
   * before the call is at or before the position told.
   */
  public Mono<PositionReport> report() {
    return source.kind() == SourceKind.PRIMARY || !isRecent()
        ? afresh(REPORT_WITHIN).flatMap(asked -> asked ? Mono.just(lastReport()) : overdue())
        : Mono.fromSupplier(this::lastReport);
  }

  /**
   * A source that answered within {@link #EXPIRES} may be busy. Then the answer is late, which says
   * less against this instance than that it is not ready: it may be the only writer.
   */
  private Mono<PositionReport> overdue() {
    PositionReport notReady = PositionReport.notReady(source.kind());
    return known() == null
        ? Mono.just(notReady)
        : afresh(EXPIRES).map(asked -> asked ? lastReport() : notReady);
  }

  /** Where the source is by a poll that begins after the call; empty when it can't be told. */
  public Mono<Position> positionAfresh() {
    return afresh(LONGEST_ASKING).mapNotNull(asked -> asked ? position() : null);
  }

  /** Polls again; false when that did not succeed in time. Those who ask at once share a poll. */
  private Mono<Boolean> afresh(Duration atMost) {
    return Mono.defer(
        () -> {
          Sinks.One<Boolean> polled = Sinks.one();
          if (!ask(polled)) {
            return Mono.just(false);
          }
          LockSupport.unpark(poller);
          return polled.asMono().timeout(atMost, Mono.just(false));
        });
  }

  private synchronized boolean ask(Sinks.One<Boolean> polled) {
    return asking.size() < MAX_WAITERS && asking.add(polled);
  }

  private synchronized List<Sinks.One<Boolean>> takeAsking() {
    List<Sinks.One<Boolean>> taken = asking;
    asking = new ArrayList<>();
    return taken;
  }

  private synchronized boolean isAsked() {
    return !asking.isEmpty();
  }

  /** What the last poll found. */
  public PositionReport lastReport() {
    Progress known = known();
    if (known == null) {
      return PositionReport.notReady(source.kind());
    }
    int timeline = known.position().timeline();
    return new PositionReport(
        known.position().toString(),
        source.kind().wireName(),
        known.lagSeconds(),
        true,
        systemIdentifier,
        source.history(timeline).map(TimelineHistory::toString).orElse(null),
        known.replayPaused());
  }

  private void pollUntilClosed() {
    while (!closed) {
      try (PositionSource.Asking copy = source.ask()) {
        long since = System.nanoTime();
        do {
          pollOnce(copy);
          if (!isAsked() && !waiters.isEmpty()) {
            park(source.askAgain());
          }
        } while (isWanted() && System.nanoTime() - since < CONNECTION_HELD.toNanos());
      } catch (PositionUnknown | RuntimeException e) {
        if (closed) {
          return;
        }
        trouble = RootCause.message(e);
        if (!isUnreachableTold) {
          isUnreachableTold = true;
          log.warn("The position of the {} can't be read: {}", source.kind().wireName(), trouble);
        }
        systemIdentifier = null;
        become(Optional.empty());
        tell(takeAsking(), false);
        park(RECONNECT);
      }
      if (!isWanted()) {
        park(POLL_IDLE);
      }
    }
  }

  private boolean isWanted() {
    return !closed && (isAsked() || !waiters.isEmpty());
  }

  private void pollOnce(PositionSource.Asking copy) throws PositionUnknown {
    List<Sinks.One<Boolean>> asked = takeAsking();
    boolean polled = false;
    try {
      if (systemIdentifier == null) {
        systemIdentifier = copy.systemIdentifier().orElse(null);
      }
      Optional<Progress> polledNow = copy.poll();
      become(polledNow);
      trouble = polledNow.isEmpty() ? source.whyNowhere() : null;
      polled = true;
      isUnreachableTold = false;
    } finally {
      tell(asked, polled);
    }
    Waiter next = waiters.peek();
    if (next != null && System.nanoTime() - next.sinceNanos > NUDGE_AFTER.toNanos()) {
      copy.nudge(next.wanted);
    }
  }

  private static void tell(List<Sinks.One<Boolean>> asked, boolean polled) {
    asked.forEach(sink -> sink.tryEmitValue(polled));
  }

  private void become(Optional<Progress> now) {
    progress = now.orElse(null);
    polledNanos = System.nanoTime();
    Position at = position();
    for (Waiter next = waiters.peek(); next != null; next = waiters.peek()) {
      boolean reached = at != null && at.isAtOrPast(next.wanted);
      if (!reached && at != null && at.timeline() == next.wanted.timeline()) {
        return; // all others wait for more
      }
      waiters.remove(next);
      next.reached.tryEmitValue(reached);
    }
  }

  private static void park(Duration duration) {
    LockSupport.parkNanos(TimeUnit.NANOSECONDS.convert(duration));
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(poller);
    source.close();
  }
}
