package dev.freshet.gateway.pool;

import dev.freshet.protocol.Position;
import dev.freshet.protocol.SourceKind;
import dev.freshet.runtime.source.FreshnessGate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An instance and what is known of it now. */
public final class Instance implements AutoCloseable {

  /** How an instance is. */
  public enum State {
    /** It was not asked yet. */
    STARTING,
    /** It says that it can serve. */
    READY,
    /** It says that it can't serve, or must not be asked: it is of another system, say. */
    NOT_READY,
    /** It answers health checks with an error. */
    FAILING,
    /** It does not answer health checks. */
    UNANSWERED,
    /** Nobody accepts connections there. */
    DOWN;

    private boolean isUp() {
      return this == STARTING || this == READY;
    }

    private boolean isSilent() {
      return this == UNANSWERED || this == DOWN;
    }
  }

  /**
   * What the last news of it were.
   *
   * @param since when the state was entered
   * @param position where it was; null while that is unknown
   * @param lagSeconds how far behind the primary it said it was; null while that is unknown
   * @param speaksFreshet whether it reports positions; null while that is unknown
   */
  public record Health(
      State state,
      String reason,
      Instant since,
      @Nullable Position position,
      @Nullable Double lagSeconds,
      @Nullable Boolean speaksFreshet) {}

  /** How it is, all things considered. */
  public enum Condition {
    STARTING,
    READY,
    SLOW_START,
    SUSPECT,
    STUCK,
    EJECTED,
    DRAINING,
    DRAINED,
    NOT_READY,
    DOWN;

    /** As operators read it. */
    public String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  private static final Logger log = LoggerFactory.getLogger(Instance.class);

  private static final Duration SELDOM = Duration.ofSeconds(10);

  private final InstanceSpec spec;
  private final @Nullable FreshnessGate database;
  private final Connections connections;
  private final Slots slots;
  private final Clock clock;
  private final Standing standing = new Standing(System::nanoTime);
  private final Progress following = new Progress();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger missedChecks = new AtomicInteger();
  private long missedNanos; // guarded by this
  private volatile long lastCheckNanos;
  private volatile long succeededNanos = System.nanoTime();
  private volatile long usedNanos = System.nanoTime();
  private volatile Health health;
  private volatile boolean isDrained;
  private volatile boolean isReplayPaused;
  private boolean wasRestartedSinceDrained;
  private volatile int weight;

  /**
   * Knows nothing yet.
   *
   * @param database of a backend that does not tell positions itself; or null
   */
  public Instance(
      InstanceSpec spec, @Nullable FreshnessGate database, Connections connections, Clock clock) {
    this.spec = spec;
    this.database = database;
    this.connections = connections;
    this.slots = Slots.of(spec);
    this.weight = spec.weight();
    this.clock = clock;
    this.health = new Health(State.STARTING, "not asked yet", clock.instant(), null, null, null);
  }

  public InstanceSpec spec() {
    return spec;
  }

  /** The connections to it. */
  public Connections connections() {
    return connections;
  }

  /** What its requests are bound by. */
  public Slots slots() {
    return slots;
  }

  /** The database of a backend that does not tell positions itself; empty for others. */
  public Optional<FreshnessGate> database() {
    return Optional.ofNullable(database);
  }

  /** Whether it or its database reports its position, as far as is known. */
  public boolean tellsPosition() {
    return database != null || !Boolean.FALSE.equals(health.speaksFreshet());
  }

  /** Whether each of its answers has a position. */
  public boolean isToTellPosition() {
    return database != null || Boolean.TRUE.equals(health.speaksFreshet());
  }

  public Health health() {
    return health;
  }

  /** Whether somebody has paused the replay of the replica that it reads, as it said last. */
  public boolean isReplayPaused() {
    return isReplayPaused && health.state() == State.READY;
  }

  void replayIsPaused(boolean now) {
    this.isReplayPaused = now;
  }

  /** Its share of requests beside others of its kind, by the routes that are in force. */
  public int weight() {
    return weight;
  }

  void weigh(int now) {
    this.weight = now;
  }

  /** Whether an operator has taken it out of use. */
  public boolean isDrained() {
    return isDrained;
  }

  /** What is to be said of it, of all that is known the gravest. */
  public Condition condition() {
    if (isDrained) {
      return inFlight() > 0 ? Condition.DRAINING : Condition.DRAINED;
    }
    return switch (health.state()) {
      case STARTING -> Condition.STARTING;
      case NOT_READY, FAILING -> Condition.NOT_READY;
      case DOWN, UNANSWERED -> Condition.DOWN;
      case READY ->
          switch (standing.phase()) {
            case EJECTED -> Condition.EJECTED;
            case SOUND -> isStuck() ? Condition.STUCK : Condition.READY;
            case SLOW_START -> isStuck() ? Condition.STUCK : Condition.SLOW_START;
            case SUSPECT -> isStuck() ? Condition.STUCK : Condition.SUSPECT;
          };
    };
  }

  /** Why it is in that condition; empty when it is simply ready. */
  public String reason() {
    return switch (condition()) {
      case DRAINING, DRAINED -> "an operator took it out of use";
      case SLOW_START, SUSPECT, EJECTED -> standing.reason();
      case STUCK -> isReplayPaused() ? "replay is paused" : following.reason();
      case STARTING, READY, NOT_READY, DOWN -> health.reason();
    };
  }

  /** Whether it is a copy that is ready, and stands still while the primary goes on. */
  public boolean isStuck() {
    return health.state() == State.READY
        && spec.kind() != SourceKind.PRIMARY
        && following.isStuck();
  }

  /** How it follows the primary. */
  Progress following() {
    return following;
  }

  /**
   * How far behind it is, in seconds: as it says, or as its position and the primary's say, when
   * that is more; null while that is unknown.
   */
  public @Nullable Double lagSeconds() {
    Health now = health;
    return now.state() == State.READY ? following.lagSeconds(now.lagSeconds()) : now.lagSeconds();
  }

  /** Whether so many of its requests have failed that others should get them. */
  public boolean isEjected() {
    return standing.phase() == Standing.Phase.EJECTED;
  }

  /** Whether its last request failed. */
  public boolean isSuspect() {
    return standing.phase() == Standing.Phase.SUSPECT;
  }

  /** What part of its usual share of requests it should get, 0 to 1; it grows after a start. */
  public double share() {
    return standing.share();
  }

  /** Whether it is to be preferred: it is up, and its requests do not fail. */
  public boolean isHealthy() {
    return isEligible() && !isEjected();
  }

  /**
   * Whether it may serve all the same, though its health checks fail. Nothing can be sent to one
   * that is down, and one that says that it is not ready, or is of another system, is believed.
   */
  public boolean isWorthATry() {
    return !isDrained && (health.state() == State.FAILING || health.state() == State.UNANSWERED);
  }

  /** A request was answered by it. */
  public void succeeded() {
    succeededNanos = System.nanoTime();
    standing.succeeded();
  }

  /** Whether one of its requests was answered after a moment. */
  boolean hasSucceededSince(long nanos) {
    return succeededNanos - nanos > 0;
  }

  /** A request failed, and it is to blame. */
  public void failed(String why) {
    Duration ejected = standing.failed(why);
    if (!ejected.isZero()) {
      log.warn("{}: {}", this, standing.reason());
      connections.abandon();
    }
  }

  synchronized void drain(boolean drained) {
    if (drained != isDrained) {
      if (!drained && wasRestartedSinceDrained) {
        standing.returned();
      }
      wasRestartedSinceDrained = false;
      isDrained = drained;
      health =
          new Health(
              health.state(),
              health.reason(),
              clock.instant(),
              health.position(),
              health.lagSeconds(),
              health.speaksFreshet());
    }
  }

  /** Whether requests may be sent to it. */
  public boolean isEligible() {
    return !isDrained && health.state().isUp();
  }

  /** Whether it was at or past a position when it was last heard of. */
  public boolean isKnownAtOrPast(Position position) {
    Position at = database == null ? health.position() : database.position();
    return at != null && at.isAtOrPast(position);
  }

  /**
   * How much log the primary has beyond what it has, in bytes; empty unless both are known.
   *
   * @param primary how far the primary is; empty while that is unknown
   */
  public OptionalLong lagBytes(Optional<Position> primary) {
    Health now = health;
    Position at = now.position();
    if (at == null || now.state() != State.READY) {
      return OptionalLong.empty();
    }
    return primary.stream()
        .filter(known -> known.timeline() == at.timeline())
        .mapToLong(known -> known.lsn().bytesSince(at.lsn()))
        .findFirst();
  }

  /** Takes the news of a health check. */
  public synchronized void become(
      State state,
      String reason,
      @Nullable Position position,
      @Nullable Double lagSeconds,
      @Nullable Boolean speaksFreshet) {
    State before = health.state();
    if (state == State.READY && !before.isUp()) {
      standing.returned();
      wasRestartedSinceDrained = isDrained;
    }
    if (state.isSilent() && !before.isSilent()) {
      connections.abandon();
    }
    Instant since = before == state ? health.since() : clock.instant();
    health = new Health(state, reason, since, position, lagSeconds, speaksFreshet);
  }

  /**
   * Whether to ask it itself. One that knows nothing of positions finds the question in its log
   * each time; while its database tells them, it is asked less often.
   */
  boolean beginCheckIfDue() {
    long now = System.nanoTime();
    boolean isDue =
        database == null
            || !health.state().equals(State.READY)
            || !Boolean.FALSE.equals(health.speaksFreshet())
            || now - lastCheckNanos >= SELDOM.toNanos();
    if (isDue) {
      lastCheckNanos = now;
    }
    return isDue;
  }

  /**
   * A health check went unanswered.
   *
   * @param askedNanos when it was asked, by {@link System#nanoTime}
   * @return how many have in a row, and when the one before this was asked
   */
  synchronized Missed missedCheck(long askedNanos) {
    Missed missed =
        new Missed(
            missedChecks.incrementAndGet(), missedChecks.get() > 1 ? missedNanos : askedNanos);
    missedNanos = askedNanos;
    return missed;
  }

  /** Health checks that went unanswered. */
  record Missed(int inARow, long beforeNanos) {}

  /** A health check was answered, whatever it said. */
  void answeredCheck() {
    missedChecks.set(0);
  }

  /** A request could not reach it. */
  public synchronized void unreachable(String reason) {
    become(State.DOWN, reason, health.position(), null, health.speaksFreshet());
  }

  /** An answer told its position. */
  public synchronized void seenAt(Position position) {
    Position known = health.position();
    if (known == null || !known.isAtOrPast(position)) {
      health =
          new Health(
              health.state(),
              health.reason(),
              health.since(),
              position,
              health.lagSeconds(),
              health.speaksFreshet());
    }
  }

  public int inFlight() {
    return inFlight.get();
  }

  /** For how long it has had no request. */
  Duration unused() {
    return inFlight.get() > 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - usedNanos);
  }

  /** For how long it has been in its state. */
  Duration inState() {
    return Duration.between(health.since(), clock.instant());
  }

  /** A request is sent to it; call {@link #finished} when it is over, however it ended. */
  public void started() {
    inFlight.incrementAndGet();
  }

  public void finished() {
    usedNanos = System.nanoTime();
    inFlight.decrementAndGet();
  }

  /** Closes its connections; nobody uses it any more. */
  @Override
  public void close() {
    connections.close();
    if (database != null) {
      database.close();
    }
  }

  @Override
  public String toString() {
    return spec.id();
  }
}
