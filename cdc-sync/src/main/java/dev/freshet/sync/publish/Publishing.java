package dev.freshet.sync.publish;

import dev.freshet.postgres.NotConnected;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.postgres.PrimaryFinder;
import dev.freshet.sync.SessionLoop;
import dev.freshet.sync.SlotWatch;
import dev.freshet.sync.log.LogAccess;
import dev.freshet.sync.log.Publisher;
import dev.freshet.sync.log.PublisherObserver;
import dev.freshet.sync.model.SessionEnd;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.slot.SlotSources;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.Claim;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceTransaction;
import dev.freshet.sync.status.Observation;
import dev.freshet.sync.status.Observation.State;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes, run by run: whatever fails ends the run, and the next one goes on from the log's end.
 */
final class Publishing implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Publishing.class);

  private final PublishSettings settings;
  private final PostgresUrl servers;
  private final LogAccess access;
  private final Consumer<ChangeSource> beside;
  private final Consumer<Observation> observer;
  private final Consumer<Map<String, Long>> records;
  private final Clock clock;
  private final SlotWatch slotWatch;
  private final SessionLoop runs =
      new SessionLoop("publisher", this::run, this::tell, this::endRun);

  private volatile @Nullable Publisher publisher;

  /**
   * Prepares.
   *
   * @param beside goes on beside each run, until its thread is interrupted
   * @param records takes how many records were written, by topic
   */
  Publishing(
      PublishSettings settings,
      LogAccess access,
      Consumer<ChangeSource> beside,
      Consumer<Observation> observer,
      Consumer<Map<String, Long>> records,
      Clock clock) {
    this.records = records;
    this.settings = settings;
    this.servers = PostgresUrl.parse(settings.primary());
    this.access = access;
    this.beside = beside;
    this.slotWatch = new SlotWatch(this::primary, settings.slot(), observer, clock);
    this.observer = observer.andThen(slotWatch);
    this.clock = clock;
  }

  void start() {
    slotWatch.start();
    runs.start();
  }

  private PostgresUrl primary() {
    try {
      return PrimaryFinder.now(servers);
    } catch (NotConnected e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private SessionEnd run(Set<TableName> unclear) {
    try (SlotSources sources =
        new SlotSources(
            new SlotSources.Settings(servers, primary(), settings.slot(), clock), this::givenUp)) {
      Publisher next =
          new Publisher(
              sources,
              access,
              settings.publicTopics(),
              unclear,
              new Seen(observer, records),
              beside);
      publisher = next;
      // Closed before it was there to be closed.
      return runs.isClosed() ? new SessionEnd.Stopped() : next.run();
    }
  }

  /** What a publisher sees, as observations. */
  private record Seen(Consumer<Observation> observer, Consumer<Map<String, Long>> records)
      implements PublisherObserver {

    @Override
    public void began(Place end) {
      observer.accept(new Observation.Resumed(end));
      observer.accept(new Observation.Became(State.STREAMING, ""));
    }

    @Override
    public void leftGap(Place goesOnAt, String because) {
      log.warn(
          "The log goes on at {} after transactions that are missing: all copies are rebuilt. {}",
          goesOnAt,
          because);
    }

    @Override
    public void published(
        List<SourceTransaction> transactions, Map<String, Long> written, Instant at) {
      records.accept(written);
      observer.accept(
          new Observation.Applied(
              transactions, transactions.getLast().end(), Duration.ZERO, at, Map.of(), Set.of()));
    }

    @Override
    public void marked(Place mark, Place end, @Nullable Claim claim, Instant at) {
      observer.accept(new Observation.Marked(mark, end, claim, at));
    }

    @Override
    public void level(Place applied, long sinceNanos, Instant at) {
      observer.accept(new Observation.Level(applied, at));
    }

    @Override
    public void sawClaim(@Nullable Claim claim, Place end, Instant at) {
      observer.accept(new Observation.SlotSeen(claim, end, at));
    }
  }

  private void tell(SessionEnd end) {
    switch (end) {
      case SessionEnd.Stopped(), SessionEnd.Paused() -> log.debug("The run was stopped");
      case SessionEnd.OtherLeads() ->
          become(State.STANDBY, "Another process publishes to this log.");
      case SessionEnd.Outdated(String why) -> log.info("{} A new run begins.", why);
      case SessionEnd.UnclearColumns(TableName table) ->
          log.info("Table {} has other columns than were known. A new run begins.", table);
      case SessionEnd.CopiesDiffer(Set<TableName> tables) ->
          throw new IllegalStateException("A publisher copies nothing: " + tables);
      case SessionEnd.Refused(String reason) -> become(State.REFUSED, reason);
      case SessionEnd.Failed(Exception cause) -> {
        if (!runs.isClosed()) {
          log.debug("The run ended", cause);
          become(State.RETRYING, String.valueOf(cause.getMessage()));
        }
      }
    }
  }

  private void become(State state, String reason) {
    observer.accept(new Observation.Became(state, reason));
  }

  private void givenUp(String why) {
    become(State.RETRYING, why);
    endRun();
  }

  private void endRun() {
    Publisher running = publisher;
    if (running != null) {
      running.close();
    }
  }

  @Override
  public void close() {
    slotWatch.close();
    runs.close();
  }
}
