package dev.freshet.gateway.system;

import dev.freshet.protocol.Position;
import dev.freshet.protocol.PositionReport;
import dev.freshet.protocol.SourceKind;
import dev.freshet.protocol.TimelineHistory;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * What is known of the system as a whole: which one it is, which timeline it is on and what it has
 * behind it, and where its primary was lately.
 *
 * <p>The timeline only ever rises. A primary that reports an earlier one was replaced, and counts
 * for nothing any more.
 */
public final class SystemView {

  private static final Logger log = LoggerFactory.getLogger(SystemView.class);

  /** A primary that has not told its history by then has nobody to ask for it. */
  private static final Duration HISTORY_TOLD_WITHIN = Duration.ofSeconds(10);

  /** One that nobody has reported for so long gives way to another one that a primary reports. */
  private static final Duration FORGOTTEN_AFTER = Duration.ofSeconds(30);

  private final PrimarySamples samples;
  private final SharedQuestion<Position> question;
  private final Primaries primaries;
  private final LongSupplier nanoTime;

  private volatile @Nullable String systemIdentifier;
  private volatile @Nullable TimelineHistory history;
  private volatile @Nullable Position primary;

  /** Who has reported this system. */
  private final Set<String> ofSystem = new HashSet<>();

  /** Since when others report another one. */
  private final Map<String, Long> strangersSince = new HashMap<>();

  private boolean isHistoryTold;
  private long learntNanos;
  private long sampledNanos;
  private long confirmedNanos;

  /**
   * Knows nothing yet.
   *
   * @param primaries the first of them that is of this system and was not replaced is believed
   */
  public SystemView(Primaries primaries) {
    this(primaries, System::nanoTime);
  }

  /**
   * Knows nothing yet.
   *
   * @param nanoTime as {@link System#nanoTime}
   */
  SystemView(Primaries primaries, LongSupplier nanoTime) {
    this.primaries = primaries;
    this.nanoTime = nanoTime;
    this.samples = new PrimarySamples(nanoTime);
    this.sampledNanos = nanoTime.getAsLong();
    this.confirmedNanos = sampledNanos;
    this.question =
        new SharedQuestion<>(
            () -> {
              long asked = nanoTime.getAsLong();
              return primaries
                  .ask()
                  .filter(
                      told ->
                          observe(told.source(), SourceKind.PRIMARY, told.report(), asked)
                              .isEmpty())
                  .next()
                  .map(told -> Position.parse(String.valueOf(told.report().position())));
            });
  }

  /**
   * Takes what an instance reports.
   *
   * @param source tells apart those that report
   * @param askedNanos when it was asked
   * @return why it is not to be used; empty when it is one of this system, and not left behind
   */
  public synchronized Optional<String> observe(
      String source, SourceKind kind, PositionReport report, long askedNanos) {
    String told = report.position();
    Position position = kind == SourceKind.PRIMARY && told != null ? Position.parse(told) : null;
    String identifier = report.systemIdentifier();
    if (identifier != null && systemIdentifier != null && !identifier.equals(systemIdentifier)) {
      if (position == null || !mayReplaceTheSystem(source)) {
        return Optional.of(
            "it stands on system %s, and this one is %s".formatted(identifier, systemIdentifier));
      }
      forget(identifier);
    }
    if (identifier != null) {
      confirmedNanos = nanoTime.getAsLong();
      ofSystem.add(source);
    }
    if (position == null) {
      return told == null ? Optional.empty() : leftBehind(Position.parse(told));
    }
    if (isFormer(position)) {
      return Optional.of(
          "it is a former primary, on timeline %d; the system is on %d"
              .formatted(position.timeline(), timeline()));
    }
    if (identifier != null) {
      systemIdentifier = identifier;
    }
    learn(position, report.history());
    samples.add(position, askedNanos);
    // Two that are asked at once may answer in the wrong order.
    if (isOnNewerTimeline(position) || askedNanos - sampledNanos >= 0) {
      sampledNanos = askedNanos;
      primary = position;
    }
    return Optional.empty();
  }

  /**
   * Whether one that reports another system may stand for a replacement of this one: it was of this
   * system itself, or came when this one was gone. One that was there beside it all along, such as
   * a backend of a test system in a pool by mistake, is none, however long this one is away.
   */
  private boolean mayReplaceTheSystem(String source) {
    long now = nanoTime.getAsLong();
    long since = strangersSince.computeIfAbsent(source, first -> now);
    return now - confirmedNanos >= FORGOTTEN_AFTER.toNanos()
        && (ofSystem.contains(source) || since - confirmedNanos > 0);
  }

  /** The system was replaced by another one, as by an upgrade or a restore. */
  private void forget(String other) {
    log.warn(
        "No instance has reported system {} for {} s, and a primary reports system {}. The gateway"
            + " serves that one from now on, and refuses tokens of the other.",
        systemIdentifier,
        FORGOTTEN_AFTER.toSeconds(),
        other);
    systemIdentifier = null;
    ofSystem.clear();
    strangersSince.clear();
    history = null;
    isHistoryTold = false;
    primary = null;
    samples.forget();
  }

  private boolean isOnNewerTimeline(Position position) {
    Position known = primary;
    return known == null || position.timeline() > known.timeline();
  }

  private void learn(Position position, @Nullable String told) {
    TimelineHistory known = history;
    boolean isNew = known == null || known.current() < position.timeline();
    if (known != null && isNew) {
      log.info("The system is on timeline {} now", position.timeline());
    }
    if (isNew) {
      learntNanos = nanoTime.getAsLong();
      isHistoryTold = false;
      history = TimelineHistory.startingAt(position.timeline());
    }
    if (told != null && !isHistoryTold) {
      history = TimelineHistory.parse(position.timeline(), told);
      isHistoryTold = true;
    }
  }

  /** Whether what the current timeline has behind it is not known, but may be soon. */
  public synchronized boolean isHistoryAwaited() {
    return !isHistoryTold
        && timeline() > 1
        && nanoTime.getAsLong() - learntNanos < HISTORY_TOLD_WITHIN.toNanos();
  }

  /** The timelines, once the current one's history is known or can't be. */
  public synchronized Optional<TimelineHistory> toldHistory() {
    return isHistoryAwaited() ? Optional.empty() : history();
  }

  /** A copy that holds what a promotion lost has to be made again, or to follow. */
  private Optional<String> leftBehind(Position copy) {
    return isFormer(copy)
            && toldHistory().filter(known -> known.carriedOver(copy).isEmpty()).isPresent()
        ? Optional.of(
            "it is at %s, which the primary on timeline %d lacks".formatted(copy, timeline()))
        : Optional.empty();
  }

  /**
   * A backend that stands on the primary told this position in an answer. A timeline that is news
   * is believed at once: who has this answer must not be answered by a former primary after it.
   */
  public void heard(Position position) {
    Position known = primary;
    if (known == null || !known.max(position).equals(known)) {
      heardLater(position);
    }
  }

  private synchronized void heardLater(Position position) {
    if (!isFormer(position)) {
      learn(position, null);
      primary = primary == null ? position : primary.max(position);
    }
  }

  /** Whether positions are told in this system, whether or not somebody answers now. */
  public boolean arePositionsTold() {
    return primaries.arePositionsTold();
  }

  /** The timeline that the system is on; 0 while it is unknown. */
  public int timeline() {
    TimelineHistory known = history;
    return known == null ? 0 : known.current();
  }

  /** Whether a position is on a timeline that was left. */
  public boolean isFormer(Position position) {
    return position.timeline() < timeline();
  }

  /** Which system it is; empty while that is unknown. */
  public Optional<String> systemIdentifier() {
    return Optional.ofNullable(systemIdentifier);
  }

  /** The timelines; empty while they are unknown. */
  public Optional<TimelineHistory> history() {
    return Optional.ofNullable(history);
  }

  /** Where the primary was when it was last heard of. */
  public Optional<Position> lastKnown() {
    return Optional.ofNullable(primary);
  }

  /** Since when the primary is beyond a position; empty when it was not seen there lately. */
  public Optional<PrimaryAhead> beyond(Position position) {
    return samples.beyond(position);
  }

  /** A position that the primary was at no longer ago than this; the earliest such. */
  public Optional<Position> within(Duration age) {
    return samples.within(age);
  }

  /**
   * Where the primary is, by a question that is put after this call: at or past everything that was
   * committed before it. Empty when nobody answers.
   */
  public Mono<Position> ask() {
    return question
        .ask()
        .onErrorResume(
            failure -> {
              log.warn("The primary could not be asked where it is", failure);
              return Mono.empty();
            });
  }
}
