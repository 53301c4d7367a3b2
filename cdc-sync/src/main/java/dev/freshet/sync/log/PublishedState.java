package dev.freshet.sync.log;

import dev.freshet.protocol.TimelineHistory;
import dev.freshet.sync.log.LogState.Carried;
import dev.freshet.sync.log.LogState.Refused;
import dev.freshet.sync.model.EndSession;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.Continuation;
import dev.freshet.sync.source.Held;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.Published;
import dev.freshet.sync.source.SchemaImage;
import dev.freshet.sync.source.Seed;
import dev.freshet.sync.source.SourceTable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** The log's state while one publisher has it: told when it begins, and when it changes. */
final class PublishedState {

  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  /** After so many looks it is asked again for what was refused. */
  private static final int LOOKS_A_REFUSAL = 10;

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final LogWriter writer;
  private final Set<TableName> wanted;
  private String version;
  private LogState now;

  private PublishedState(LogWriter writer, Set<TableName> wanted, String version, LogState now) {
    this.writer = writer;
    this.wanted = new TreeSet<>(wanted);
    this.version = version;
    this.now = now;
  }

  /**
   * Goes on from the log's end, or has the log begin where the source can go on from.
   *
   * @param wanted tables to publish; those that are not there yet are waited for
   * @param unclear tables of which nobody can tell what their next rows mean
   */
  static PublishedState begin(
      ChangeSource source,
      LogWriter writer,
      Set<TableName> wanted,
      Set<TableName> unclear,
      PublisherObserver observer) {
    Optional<LogState> before = writer.state();
    Continuation continuation =
        source.continuation(
            before
                .map(state -> new Held(state.origin().system(), writer.end()))
                .orElse(new Held("", null)));
    String version = source.schema().version();
    SchemaImage image = source.schema().image();
    Set<TableName> there = new TreeSet<>(wanted);
    there.retainAll(image.tables().stream().map(SourceTable::name).toList());
    Published published = source.publish(there);
    there.removeAll(published.missing());
    TimelineHistory history = source.history();
    Function<@Nullable Place, LogState> state =
        since ->
            new LogState(
                source.origin(),
                history.current(),
                history.toString(),
                image,
                there.stream()
                    .map(
                        table ->
                            new Carried(
                                table,
                                since != null ? since : sinceBefore(table, before, published)))
                    .toList(),
                refused(wanted, image, published),
                before.map(LogState::gaps).orElse(List.of()));
    LogState now =
        switch (continuation) {
          case Continuation.GoOn() when unclear.isEmpty() -> state.apply(null);
          case Continuation.GoOn() ->
              gap(
                  writer,
                  state.apply(null),
                  writer.end().next(),
                  "What the next rows of %s mean can't be told: a column came and another one went before they were published."
                      .formatted(unclear),
                  observer);
          case Continuation.CopyAll(String because) -> {
            try (Seed seed = source.seed()) {
              Place at = seed.at();
              if (!writer.isEmpty()) {
                yield gap(writer, state.apply(at), at, because, observer);
              }
              writer.beginAt(at);
              yield state.apply(at);
            }
          }
        };
    writer.state(now, told(now, before), Instant.now());
    return new PublishedState(writer, wanted, version, now);
  }

  /** Of one that had to be added whatever the log says, it is to be found out. */
  private static @Nullable Place sinceBefore(
      TableName table, Optional<LogState> before, Published published) {
    return published.added().contains(table)
        ? null
        : before.flatMap(state -> state.since(table)).orElse(null);
  }

  private static LogState gap(
      LogWriter writer,
      LogState state,
      Place goesOnAt,
      String because,
      PublisherObserver observer) {
    LogState now = state.withGap(goesOnAt);
    writer.gap(now, goesOnAt, JSON.writeValueAsString(Map.of("because", because)), Instant.now());
    observer.leftGap(goesOnAt, because);
    return now;
  }

  private static Refused refused(Set<TableName> wanted, SchemaImage image, Published published) {
    Set<TableName> tables = new TreeSet<>(published.missing());
    List<String> reasons = new ArrayList<>();
    if (!published.reason().isEmpty()) {
      reasons.add(published.reason());
    }
    image.unfit().stream()
        .filter(unfit -> wanted.contains(unfit.name()))
        .forEach(
            unfit -> {
              tables.add(unfit.name());
              reasons.add(unfit.reason());
            });
    return new Refused(tables, String.join(" ", reasons));
  }

  private static Map<Chunk.Kind, String> told(LogState now, Optional<LogState> before) {
    Map<Chunk.Kind, String> told = new LinkedHashMap<>();
    before
        .filter(state -> state.epoch() != now.epoch())
        .ifPresent(
            state ->
                told.put(
                    Chunk.Kind.TIMELINE,
                    JSON.writeValueAsString(
                        Map.of(
                            "from",
                            state.epoch(),
                            "to",
                            now.epoch(),
                            "left",
                            now.timelines().end(state.epoch()).map(Object::toString).orElse("")))));
    told.put(
        Chunk.Kind.PUBLISHER,
        JSON.writeValueAsString(
            Map.of(
                "pid",
                ProcessHandle.current().pid(),
                "system",
                now.origin().system(),
                "database",
                now.origin().database(),
                "timeline",
                now.epoch())));
    return told;
  }

  synchronized LogState now() {
    return now;
  }

  /** Whether of some table it is not known yet from where on it is carried. */
  synchronized boolean hasUnknown() {
    return now.carried().stream().anyMatch(carried -> carried.since() == null);
  }

  private void tell(LogState next) {
    now = next;
    writer.state(now, Map.of(), Instant.now());
  }

  /** All that ends beyond a place has all changes of all tables. */
  synchronized void carriedSince(Place place) {
    tell(now.carriedSince(place));
  }

  /**
   * Tables are wished for.
   *
   * @throws EndSession when some of them are there and not published yet
   */
  synchronized void wish(Set<TableName> tables) {
    wanted.addAll(tables);
    Set<TableName> more =
        now.schema().tables().stream()
            .map(SourceTable::name)
            .filter(wanted::contains)
            .collect(Collectors.toCollection(TreeSet::new));
    more.removeAll(now.tables());
    more.removeAll(now.refused().tables());
    if (!more.isEmpty()) {
      throw EndSession.outdated(
          "Copies follow %s, which were not published so far.".formatted(more));
    }
  }

  /**
   * Tells what the source's schema becomes, until the thread is interrupted.
   *
   * @throws EndSession when it does not go with what is captured
   */
  void follow(ChangeSource source) {
    Place seen = Place.START;
    for (int look = 1; !Thread.currentThread().isInterrupted(); look++) {
      if (look % LOOKS_A_REFUSAL == 0) {
        askAgain(source);
      }
      Place place = source.place();
      // Nothing is altered without a trace in the source's log.
      if (!place.equals(seen)) {
        seen = place;
        follow(source.schema().version(), source);
      }
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
    }
  }

  /** Privileges are granted without a trace in the catalogue that is watched. */
  private synchronized void askAgain(ChangeSource source) {
    Set<TableName> refused = now.refused().tables();
    if (refused.isEmpty()) {
      return;
    }
    SchemaImage image = source.schema().image();
    Set<TableName> fit = new TreeSet<>(refused);
    fit.retainAll(image.tables().stream().map(SourceTable::name).toList());
    if (fit.isEmpty()) {
      return;
    }
    Set<TableName> all = new TreeSet<>(now.tables());
    all.addAll(fit);
    if (!source.publish(all).missing().containsAll(fit)) {
      throw EndSession.outdated("Some of %s can be published now.".formatted(fit));
    }
  }

  private synchronized void follow(String found, ChangeSource source) {
    if (found.equals(version)) {
      return;
    }
    SchemaImage image = source.schema().image();
    now.asCarried()
        .forEach(
            (name, table) -> {
              if (!image.has(table)) {
                throw EndSession.outdated("Table %s was altered.".formatted(name));
              }
            });
    version = found;
    tell(now.with(image));
    wish(Set.of());
  }
}
