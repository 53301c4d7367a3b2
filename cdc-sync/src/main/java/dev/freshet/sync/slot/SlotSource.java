package dev.freshet.sync.slot;

import static java.util.Objects.requireNonNull;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.postgres.TimelineHistories;
import dev.freshet.protocol.TimelineHistory;
import dev.freshet.sync.connection.WatchedDatabase;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Capture;
import dev.freshet.sync.source.CaptureRequest;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.Claim;
import dev.freshet.sync.source.Continuation;
import dev.freshet.sync.source.Held;
import dev.freshet.sync.source.ModelViews;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.Published;
import dev.freshet.sync.source.Seed;
import dev.freshet.sync.source.SourceSchema;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A PostgreSQL primary: a slot's stream, a publication of tables, snapshots that slots export. */
final class SlotSource implements ChangeSource {

  private final SlotSources.Settings settings;
  private final WatchedDatabase watched;
  private final SourceDatabase database;
  private final Slot slot;
  private volatile @Nullable SlotCapture capture;

  SlotSource(SlotSources.Settings settings, WatchedDatabase watched, SourceDatabase database) {
    this.settings = settings;
    this.watched = watched;
    this.database = database;
    this.slot = new Slot(database.db(), settings.slot());
  }

  @Override
  public Origin origin() {
    return new Origin(
        SourceDatabase.systemIdentifier(database.db()), settings.primary().database());
  }

  @Override
  public Place place() {
    return Failures.ask(database::place);
  }

  @Override
  public Continuation continuation(Held held) {
    database.requireLogicalDecoding();
    if (!held.isNew() && !held.system().equals(origin().system())) {
      throw new SyncRefused(
          "The read database holds the copy of another system than %s. Name the right --primary, or drop schema freshet there to start over."
              .formatted(settings.primary()));
    }
    String copyBecause = whyCopy(held.applied());
    if (copyBecause.isEmpty()) {
      return new Continuation.GoOn();
    }
    slot.requireFree(!held.isNew());
    return new Continuation.CopyAll(copyBecause);
  }

  /** Why everything has to be copied again; empty when the capture can go on from there. */
  private String whyCopy(@Nullable Place applied) {
    if (applied == null) {
      return "First copy of the tables.";
    }
    int now = place().epoch();
    if (now < applied.epoch()) {
      throw new SyncRefused(
          "The source is on timeline %d, and %s of a later one was applied here: it is an old primary. Name the one that took over with --primary."
              .formatted(now, applied));
    }
    if (now > applied.epoch() && !isKeptOn(now, applied)) {
      return "The primary was replaced by one that lacks changes up to %s, which had been applied here."
          .formatted(applied);
    }
    return switch (slot.check(applied.position().lsn())) {
      case Slot.State.Usable ignored -> "";
      case Slot.State.Absent ignored ->
          "The replication slot %s is gone, and with it the changes since %s."
              .formatted(slot.name(), applied);
      case Slot.State.Lost ignored ->
          "The server gave up log that the slot %s still needed.".formatted(slot.name());
    };
  }

  /** Whether a timeline has all that an earlier one had up to a place. */
  private boolean isKeptOn(int timeline, Place applied) {
    return history(timeline).carriedOver(applied.position()).isPresent();
  }

  @Override
  public TimelineHistory history() {
    return history(place().epoch());
  }

  private TimelineHistory history(int timeline) {
    PostgresUrl primary = settings.primary();
    return Failures.ask(() -> TimelineHistories.ask(primary, timeline));
  }

  @Override
  public SourceSchema schema() {
    return new SourceCatalogue(database);
  }

  @Override
  public Optional<ModelViews> views() {
    return Optional.of(new Views(database.db(), database.transactions()));
  }

  @Override
  public Published publish(Collection<TableName> tables) {
    return slot.publish(tables);
  }

  @Override
  public Seed seed() {
    slot.drop();
    return Failures.ask(
        () -> ConsistentSnapshot.ofNewSlot(settings.primary(), slot.name(), watched::guard));
  }

  @Override
  public Seed snapshot() {
    return Failures.ask(
        () -> ConsistentSnapshot.now(settings.primary(), slot.name() + "_copy", watched::guard));
  }

  @Override
  public Capture capture(CaptureRequest request) {
    slot.takeOver();
    SlotCapture prepared =
        Failures.ask(
            () -> {
              SourceDatabase watching = SourceDatabase.connect(watched);
              try {
                return new SlotCapture(settings, database, watching, slot, request);
              } catch (SQLException | RuntimeException e) {
                watching.close();
                throw e;
              }
            });
    capture = prepared;
    return prepared;
  }

  @Override
  public void wish(Place wanted) {
    SlotCapture running = capture;
    if (running != null) {
      running.wish(wanted);
    }
  }

  @Override
  public Optional<Claim> claim() {
    return slot.claim();
  }

  @Override
  public Instant now() {
    return requireNonNull(capture, "nothing is captured").now();
  }

  @Override
  public void close() {
    Failures.run(database::close);
  }
}
