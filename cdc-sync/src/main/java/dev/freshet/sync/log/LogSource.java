package dev.freshet.sync.log;

import dev.freshet.protocol.TimelineHistory;
import dev.freshet.sync.model.EndSession;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.seed.SeedServer;
import dev.freshet.sync.seed.SeedUnfit;
import dev.freshet.sync.source.Capture;
import dev.freshet.sync.source.CaptureRequest;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.Claim;
import dev.freshet.sync.source.Continuation;
import dev.freshet.sync.source.Held;
import dev.freshet.sync.source.ModelViews;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.Published;
import dev.freshet.sync.source.SchemaImage;
import dev.freshet.sync.source.Seed;
import dev.freshet.sync.source.SourceSchema;
import dev.freshet.sync.source.SourceTable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A log on a broker; the rows come from other copies, or from the primary. */
final class LogSource implements ChangeSource {

  /** How long the publisher may take to publish tables that nobody has followed so far. */
  private static final Duration PUBLISHED_WITHIN = Duration.ofSeconds(30);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private final LogSources sources;
  private final LogSources.Settings settings;
  private @Nullable LogStart start;

  LogSource(LogSources sources) {
    this.sources = sources;
    this.settings = sources.settings();
  }

  @Override
  public Origin origin() {
    return sources.state().origin();
  }

  @Override
  public Place place() {
    return sources.end().at();
  }

  @Override
  public Continuation continuation(Held held) {
    LogState last = sources.lastState();
    if (!held.isNew() && !held.system().equals(last.origin().system())) {
      throw new SyncRefused(
          "The read database holds the copy of another system than the log %s is of. Name the right --log, or drop schema freshet there to start over."
              .formatted(settings.access().log()));
    }
    Place applied = held.applied();
    if (applied == null) {
      sources.setState(last);
      return new Continuation.CopyAll("First copy of the tables.");
    }
    if (last.epoch() < applied.epoch()) {
      throw new LogUnreachable(
          "The log %s is on timeline %d, and %s of a later one was applied here: its publisher has not followed the new primary yet"
              .formatted(settings.access().log(), last.epoch(), applied),
          null);
    }
    Optional<LogStart> next = sources.searching(records -> LogStart.after(applied, records));
    String copyBecause = whyCopy(applied, last, next);
    if (copyBecause.isEmpty()) {
      start = next.orElseThrow();
      sources.setState(next.orElseThrow().state());
      return new Continuation.GoOn();
    }
    sources.setState(last);
    return new Continuation.CopyAll(copyBecause);
  }

  /** Why everything has to be copied again; empty when the log goes on from there. */
  private String whyCopy(Place applied, LogState last, Optional<LogStart> next) {
    if (last.timelines().carriedOver(applied.position()).isEmpty()) {
      return "The primary was replaced by one that lacks changes up to %s, which had been applied here."
          .formatted(applied);
    }
    Optional<Place> gap =
        last.gaps().stream().filter(place -> !applied.isAtOrPast(place)).findFirst();
    if (gap.isPresent()) {
      return "The log %s lacks transactions between %s and %s."
          .formatted(settings.access().log(), applied, gap.get());
    }
    return next.isPresent()
        ? ""
        : "The log %s does not reach back to %s any more."
            .formatted(settings.access().log(), applied);
  }

  @Override
  public TimelineHistory history() {
    return sources.state().timelines();
  }

  @Override
  public SourceSchema schema() {
    return new LogSchema(sources);
  }

  /** The publisher makes them. */
  @Override
  public Optional<ModelViews> views() {
    return Optional.empty();
  }

  @Override
  public Published publish(Collection<TableName> tables) {
    sources.wisher().tables(Set.copyOf(tables));
    long end = System.nanoTime() + PUBLISHED_WITHIN.toNanos();
    while (true) {
      LogState last = sources.lastState();
      Set<TableName> missing = new TreeSet<>(tables);
      missing.removeAll(last.tables());
      boolean isAnswered = last.refused().tables().containsAll(missing);
      if (isAnswered || System.nanoTime() > end) {
        Set<TableName> published = new TreeSet<>(tables);
        published.removeAll(missing);
        sources.setFollowed(published);
        return new Published(
            missing,
            missing.isEmpty()
                ? ""
                : isAnswered
                    ? last.refused().reason()
                    : "The publisher of the log %s has not published %s within %d s. Is freshet publish running?"
                        .formatted(settings.access().log(), missing, PUBLISHED_WITHIN.toSeconds()));
      }
      LockSupport.parkNanos(LOOK_AGAIN.toNanos());
    }
  }

  @Override
  public Seed seed() {
    LogState last = sources.lastState();
    Place atLeast = last.gaps().isEmpty() ? Place.START : last.gaps().getLast();
    Seed seed = seed(atLeast, last);
    try {
      LogStart from =
          sources
              .searching(records -> LogStart.after(seed.at(), records))
              .orElseThrow(
                  () ->
                      new LogUnreachable(
                          "The log %s does not reach back to %s, which the seed is at"
                              .formatted(settings.access().log(), seed.at()),
                          null));
      requireAsPlanned(from.state().schema());
      sources.setState(from.state());
      start = from;
      return seed;
    } catch (RuntimeException e) {
      seed.close();
      throw e;
    }
  }

  /** Those that are not carried where the copy is, or were not all the while from there on. */
  @Override
  public Set<TableName> interrupted(Place applied) {
    LogState here = sources.state();
    return here.schema().tables().stream()
        .map(SourceTable::name)
        .filter(table -> !here.since(table).map(applied::isAtOrPast).orElse(false))
        .collect(Collectors.toSet());
  }

  /** What was planned goes by the log's end as it was then. */
  private void requireAsPlanned(SchemaImage now) {
    SchemaImage planned = sources.state().schema();
    for (TableName name : sources.followed()) {
      Optional<SourceTable> table = now.find(name);
      if (table.isEmpty() || !planned.find(name).map(table.get()::isAs).orElse(false)) {
        throw EndSession.outdated("Table %s was altered.".formatted(name));
      }
    }
  }

  @Override
  public Seed snapshot() {
    return seed(sources.applied(), sources.lastState());
  }

  private Seed seed(Place atLeast, LogState last) {
    Map<TableName, SourceTable> tables = new HashMap<>();
    Map<TableName, Place> since = new HashMap<>();
    for (TableName name : sources.followed()) {
      sources.state().schema().find(name).ifPresent(table -> tables.put(name, table));
      last.since(name).ifPresent(place -> since.put(name, place));
    }
    SeedServer.Wanted wanted =
        new SeedServer.Wanted(last.origin().system(), atLeast, tables, since, settings.slot());
    List<String> reasons = new ArrayList<>();
    for (SeedServer server : settings.seeds()) {
      try {
        Seed seed = server.seed(wanted);
        if (last.timelines().carriedOver(seed.at().position()).isPresent()) {
          return seed;
        }
        reasons.add(
            "%s is at %s, which is no part of the history of timeline %d"
                .formatted(server.url(), seed.at(), last.epoch()));
        seed.close();
      } catch (SeedUnfit e) {
        reasons.add(String.valueOf(e.getMessage()));
      }
    }
    if (settings.seeds().isEmpty()) {
      throw new SyncRefused(
          "The rows that the log's changes go on from have to come from somewhere. Name another read database that follows the log, or the primary, with --seed.");
    }
    throw new LogUnreachable(
        "No --seed gives the tables' rows now: %s".formatted(String.join("; ", reasons)), null);
  }

  @Override
  public Capture capture(CaptureRequest request) {
    LogStart from = start;
    if (from == null) {
      throw new IllegalStateException("Where the log goes on has to be asked first");
    }
    sources.setApplied(request.applied());
    sources.searched();
    return new LogCapture(
        settings, from, request, sources::setState, sources.wisher(), sources.time());
  }

  @Override
  public void wish(Place wanted) {
    sources.wisher().place(wanted);
  }

  @Override
  public Optional<Claim> claim() {
    return Optional.empty();
  }

  @Override
  public Instant now() {
    return sources.now();
  }

  @Override
  public void close() {}
}
