package dev.freshet.sync.log;

import dev.freshet.sync.model.EndSession;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Capture;
import dev.freshet.sync.source.CaptureRequest;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SchemaImage;
import dev.freshet.sync.source.SourceTransaction;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The transactions of a log, for as long as what they mean is what was planned for. */
final class LogCapture implements Capture, LogReader.Listener {

  private static final Logger log = LoggerFactory.getLogger(LogCapture.class);

  /** A publisher says something every second. */
  private static final Duration SILENCE = Duration.ofSeconds(5);

  /** A wish that is not renewed is forgotten with the log's retention. */
  private static final Duration WISH_EVERY = Duration.ofHours(12);

  private static final Duration LOOK_AT_END = Duration.ofSeconds(1);

  private final LogReader reader;
  private final CaptureRequest request;
  private final SchemaImage planned;
  private final int epoch;

  /** The tables that are followed and carried. */
  private final Set<TableName> carried;

  private final Consumer<LogState> passed;
  private final Wisher wisher;
  private final LogEndWatch end;
  private final SourceTime time;
  private final Clock clock;

  private Instant lastHeard;
  private Instant lastLook;
  private Instant lastWish;
  private boolean isSilent;

  /**
   * Prepares.
   *
   * @param start where it reads from
   * @param passed takes each state that goes with the request
   * @param wisher is told again which tables are followed
   * @param time is told the source's time
   */
  LogCapture(
      LogSources.Settings settings,
      LogStart start,
      CaptureRequest request,
      Consumer<LogState> passed,
      Wisher wisher,
      SourceTime time) {
    this.wisher = wisher;
    this.reader = new LogReader(settings.access(), start.offset(), request.applied().get());
    this.request = request;
    this.planned = start.state().schema();
    this.epoch = start.state().epoch();
    this.carried = new TreeSet<>(start.state().tables());
    carried.retainAll(request.tables().keySet());
    this.passed = passed;
    this.end = new LogEndWatch(settings.access());
    this.time = time;
    this.clock = settings.clock();
    this.lastHeard = clock.instant();
    this.lastLook = lastHeard;
    this.lastWish = lastHeard;
  }

  @Override
  public void run() {
    try (end) {
      reader.run(this);
    }
  }

  @Override
  public void committed(List<SourceTransaction> transactions) {
    heard();
    transactions.forEach(transaction -> time.observe(transaction.committedAt(), lastHeard));
    request.listener().committed(transactions);
  }

  @Override
  public void told(LogEntry.Told told) {
    heard();
    switch (told.kind()) {
      case SCHEMA -> follow(LogState.of(told.content()));
      case GAP ->
          throw EndSession.outdated(
              "The log goes on at %s, after transactions that are missing.".formatted(told.end()));
      case LEVEL -> level(told);
      case PUBLISHER -> log.info("Another publisher writes the log: {}", told.content());
      case TIMELINE -> log.info("The source is on another timeline: {}", told.content());
      case CHANGES -> throw new IllegalStateException("A transaction comes by another way");
    }
  }

  private void heard() {
    lastHeard = clock.instant();
    if (isSilent) {
      isSilent = false;
      log.info("The publisher of the log is heard again");
    }
  }

  private void level(LogEntry.Told told) {
    time.observe(told.at(), lastHeard);
    Place now = request.applied().get();
    if (told.end().equals(now)) {
      Duration ago = Duration.between(told.at(), time.at(lastHeard));
      request.observer().level(now, System.nanoTime() - Math.max(0, ago.toNanos()), lastHeard);
    }
  }

  @Override
  public void waiting(boolean isAtEnd) {
    Instant now = clock.instant();
    if (Duration.between(lastWish, now).compareTo(WISH_EVERY) > 0) {
      lastWish = now;
      wisher.tables(request.tables().keySet());
    }
    Place here = request.applied().get();
    if (isAtEnd) {
      lastLook = now;
      if (Duration.between(lastHeard, now).compareTo(SILENCE) > 0) {
        if (!isSilent) {
          isSilent = true;
          log.warn(
              "The publisher of the log has said nothing for {} s: what was committed since does not arrive. Check that freshet publish runs",
              SILENCE.toSeconds());
        }
        request.observer().marked(here.next(), here, null, lastHeard);
      }
    } else if (Duration.between(lastLook, now).compareTo(LOOK_AT_END) > 0) {
      lastLook = now;
      end.look()
          .filter(place -> !here.isAtOrPast(place))
          .ifPresent(place -> request.observer().marked(place, place, null, now));
    }
  }

  /** Compares with what was planned for. */
  private void follow(LogState state) {
    Place here = request.applied().get();
    if (state.gaps().stream().anyMatch(gap -> !here.isAtOrPast(gap))) {
      throw EndSession.outdated("Transactions are missing in the log.");
    }
    if (state.epoch() != epoch) {
      throw EndSession.outdated("The source is on timeline %d now.".formatted(state.epoch()));
    }
    request
        .tables()
        .forEach(
            (name, followed) -> {
              if (!state.schema().has(followed)) {
                throw EndSession.outdated("Table %s was altered.".formatted(name));
              }
            });
    Set<TableName> dropped = new TreeSet<>(carried);
    dropped.removeAll(state.tables());
    if (!dropped.isEmpty()) {
      throw EndSession.outdated("The publisher has left out %s.".formatted(dropped));
    }
    carried.addAll(state.tables());
    carried.retainAll(request.tables().keySet());
    if (isDefinedOtherwise(state.schema())) {
      throw EndSession.outdated("A type, a function, a view or an extension was altered.");
    }
    passed.accept(state);
  }

  private boolean isDefinedOtherwise(SchemaImage now) {
    Set<Long> oids = new HashSet<>();
    request.tables().values().forEach(table -> oids.add(table.oid()));
    Set<String> names = request.definitions();
    return !Objects.equals(now.userTypes(oids), planned.userTypes(oids))
        || !now.functions(names).equals(planned.functions(names))
        || !now.views(names).equals(planned.views(names));
  }

  @Override
  public void close() {
    reader.close();
    end.wakeUp();
  }
}
