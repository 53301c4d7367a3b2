package dev.freshet.sync.search;

import static dev.freshet.sync.search.SinkFailed.failing;

import dev.freshet.protocol.Position;
import dev.freshet.search.Batch;
import dev.freshet.search.ModelIndex;
import dev.freshet.search.Progress;
import dev.freshet.search.RowDocument;
import dev.freshet.search.SearchClient;
import dev.freshet.search.SearchFailed;
import dev.freshet.sync.delta.ModelDelta;
import dev.freshet.sync.delta.ModelDeltas;
import dev.freshet.sync.delta.ModelShape;
import dev.freshet.sync.delta.ModelSink;
import dev.freshet.sync.source.Place;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keeps models in a search store.
 *
 * <p>A batch is written with the place that it is of around its rows, made searchable in one step
 * for each model, and only then told as the store's progress. Readers who have seen the progress,
 * and ask for a model's rows and its batch in one searcher, see whole batches alone. Versions of
 * documents are places, so that a writer that was late changes nothing.
 */
public final class SearchSink implements ModelSink {

  private final SearchClient client;
  private final StoreIndices indices;
  private final DocumentWrites writes;
  private final Clock clock;
  private final StoredRows stored;
  private final Map<String, Served> served = new HashMap<>();
  private final Map<String, Building> building = new HashMap<>();
  private Origin origin = new Origin("", "", "");
  private @Nullable Progress progress;
  private Instant committedAt = Instant.EPOCH;
  private boolean isOpened;

  /** A batch of which some rows may be written. */
  private @Nullable Round open;

  /**
   * Prepares to write.
   *
   * @param replicas copies of each shard
   */
  public SearchSink(SearchClient client, Rejections rejections, int replicas, Clock clock) {
    this.client = client;
    this.indices = new StoreIndices(client, replicas);
    this.writes = new DocumentWrites(rejections);
    this.clock = clock;
    this.stored = new StoredRows(client);
  }

  /** Says where the rows come from; told to readers with the next batch. */
  public synchronized void from(Origin origin) {
    this.origin = origin;
  }

  /** Says when the last transaction was committed; told to readers with the next batch. */
  public synchronized void committedAt(Instant committedAt) {
    this.committedAt = committedAt;
  }

  @Override
  public synchronized Optional<Place> place() {
    return failing(this::opened).map(known -> Place.of(known.place()));
  }

  /** What the store says of itself; empty before it began. */
  public synchronized Optional<Progress> progress() {
    return failing(this::opened);
  }

  /** What is there is read once: nobody else writes. */
  private Optional<Progress> opened() throws SearchFailed {
    if (!isOpened) {
      served.clear();
      progress = indices.progress();
      for (StoreIndices.Found found : indices.served()) {
        served.put(found.model().model(), new Served(found.index(), found.model(), found.batch()));
      }
      isOpened = true;
    }
    return Optional.ofNullable(progress);
  }

  @Override
  public synchronized void begin(Place at) {
    failing(
        () -> {
          Optional<Progress> known = opened();
          if (known.isEmpty() || !Place.of(known.get().place()).equals(at)) {
            List.copyOf(building.values()).forEach(Building::end);
            for (Served each : List.copyOf(served.values())) {
              withdraw(each.model.model());
            }
            stored.forget();
            tell(at.position());
          }
          return at;
        });
  }

  /** Readers have no rows of a model from now on. */
  private void withdraw(String model) throws SearchFailed {
    Served gone = served.remove(model);
    if (gone != null) {
      indices.drop(gone.index);
    }
  }

  private void tell(Position place) throws SearchFailed {
    Progress next =
        new Progress(
            place,
            origin.systemIdentifier(),
            origin.readDatabase(),
            origin.writer(),
            committedAt,
            clock.instant());
    indices.tell(next);
    progress = next;
  }

  @Override
  public synchronized void apply(ModelDeltas deltas) {
    failing(
        () -> {
          requireAtOrPast(deltas.place());
          for (ModelDelta delta : deltas.models()) {
            if (delta instanceof ModelDelta.Reset reset) {
              reset(reset.model());
            }
          }
          write(deltas);
          return deltas;
        });
  }

  private void reset(String model) throws SearchFailed {
    Building unfinished = building.get(model);
    if (unfinished != null) {
      unfinished.end();
    }
    withdraw(model);
  }

  private void write(ModelDeltas deltas) throws SearchFailed {
    Round round = new Round(deltas.place().position());
    for (ModelDelta delta : deltas.models()) {
      if (delta instanceof ModelDelta.Rows rows) {
        round.write(rows);
      }
    }
    round.finish();
  }

  /**
   * Begins a batch that is handed over in parts; nothing else is written, and no rebuild serves,
   * until it is closed.
   *
   * @throws IllegalArgumentException when the place is before {@link #place}
   * @throws IllegalStateException when the sink has not begun
   */
  public synchronized Round round(Place at) {
    failing(() -> requireAtOrPast(at));
    Round begun = new Round(at.position());
    open = begun;
    return begun;
  }

  private Place requireAtOrPast(Place at) throws SearchFailed {
    Progress known =
        opened().orElseThrow(() -> new IllegalStateException("The sink has not begun"));
    if (at.compareTo(Place.of(known.place())) < 0) {
      throw new IllegalArgumentException(
          "The sink is at %s, and can't go back to %s".formatted(known.place(), at));
    }
    return at;
  }

  /**
   * A batch of any size: readers see all of it once it is {@linkplain #end ended}. One that is
   * closed before is written again, from its beginning.
   */
  public final class Round implements AutoCloseable {

    private final Position place;
    private final BulkWriter bulk = new BulkWriter(client);
    private final Map<String, Served> changed = new LinkedHashMap<>();

    private Round(Position place) {
      this.place = place;
    }

    /** Takes changes of one model; a row that comes again is as it was. */
    public void rows(ModelDelta.Rows rows) {
      synchronized (SearchSink.this) {
        failing(
            () -> {
              write(rows);
              return rows;
            });
      }
    }

    private void write(ModelDelta.Rows rows) throws SearchFailed {
      Served one = served.get(rows.model());
      if (one != null) {
        if (changed.put(rows.model(), one) == null) {
          bulk.add(writes.batch(one.index, new Batch(place, one.batch.applied())));
        }
        writes.rows(bulk, one.index, one.documents, rows, place);
      }
      Building unfinished = building.get(rows.model());
      if (unfinished != null) {
        writes.rows(bulk, unfinished.index, unfinished.documents, rows, place);
        unfinished.note(rows, place);
      }
    }

    /** That a batch is whole is written once its rows are, and makes all of it searchable. */
    private void finish() throws SearchFailed {
      bulk.flush(false);
      for (String refused : writes.takeRefused().keySet()) {
        reset(refused); // what lacks a row is not served
      }
      // One that was replaced or withdrawn meanwhile has no rows of this batch.
      changed.values().removeIf(one -> served.get(one.model.model()) != one);
      for (Served one : changed.values()) {
        bulk.add(writes.batch(one.index, new Batch(place, place)));
      }
      bulk.flush(!changed.isEmpty());
      changed.values().forEach(one -> one.batch = new Batch(place, place));
      tell(place);
      indices.dropRetired(clock.instant());
    }

    /** Readers see it all, and the store is at its place. */
    public void end() {
      synchronized (SearchSink.this) {
        failing(
            () -> {
              finish();
              return place;
            });
      }
    }

    @Override
    public void close() {
      synchronized (SearchSink.this) {
        if (open == this) {
          open = null;
        }
      }
    }
  }

  @Override
  public Rebuild rebuild(ModelShape shape) {
    return rebuild(
        shape, ModelIndex.of(shape.model(), shape.columns(), shape.types(), shape.key()));
  }

  /** The same, where more is known of the model. */
  public synchronized Rebuild rebuild(ModelShape shape, ModelIndex model) {
    return failing(
        () -> {
          opened();
          Building unfinished = building.get(shape.model());
          if (unfinished != null) {
            unfinished.end();
          }
          String index = indices.create(model);
          Building begun = new Building(shape, index, model);
          building.put(shape.model(), begun);
          return begun;
        });
  }

  private final class Building implements Rebuild {

    private final ModelShape shape;
    private final String index;
    private final ModelIndex model;
    private final RowDocument documents;

    /** What was said to be gone since this was begun, and when: the store forgets that. */
    private final Map<List<@Nullable String>, Long> removed = new HashMap<>();

    private boolean hasEnded;

    Building(ModelShape shape, String index, ModelIndex model) {
      this.shape = shape;
      this.index = index;
      this.model = model;
      this.documents = new RowDocument(model);
    }

    private void note(ModelDelta.Rows rows, Position place) {
      rows.upserted().keySet().forEach(removed::remove);
      rows.removed().forEach(key -> removed.put(key, place.lsn().value()));
    }

    private void end() {
      if (!hasEnded) {
        hasEnded = true;
        building.remove(shape.model(), this);
        try {
          indices.drop(index);
        } catch (SearchFailed e) {
          indices.retire(index, Instant.EPOCH); // dropped with a later batch
        }
      }
    }

    private void requireGoingOn() {
      if (hasEnded) {
        throw new IllegalStateException(
            "The rebuild of model %s has ended".formatted(shape.model()));
      }
    }

    @Override
    public void add(Collection<List<@Nullable String>> rows) {
      synchronized (SearchSink.this) {
        requireGoingOn();
        failing(
            () -> {
              BulkWriter bulk = new BulkWriter(client);
              for (List<@Nullable String> values : rows) {
                // Whatever was said since then is later.
                bulk.add(
                    writes.row(index, documents, shape.model(), shape.keyOf(values), values, 0));
              }
              bulk.flush(false);
              requireTaken();
              return rows;
            });
      }
    }

    @Override
    public boolean serve(Place at) {
      synchronized (SearchSink.this) {
        requireGoingOn();
        return failing(
            () -> {
              Progress known = opened().orElse(null);
              if (open != null || known == null || Place.of(known.place()).compareTo(at) < 0) {
                return false;
              }
              Batch batch = new Batch(known.place(), known.place());
              BulkWriter bulk = new BulkWriter(client);
              for (Map.Entry<List<@Nullable String>, Long> gone : removed.entrySet()) {
                bulk.add(writes.removal(index, shape.model(), gone.getKey(), gone.getValue()));
              }
              bulk.flush(false);
              requireTaken();
              bulk.add(writes.batch(index, batch));
              bulk.flush(true);
              lead(batch);
              return true;
            });
      }
    }

    private void requireTaken() {
      String refused = writes.takeRefused().get(shape.model());
      if (refused != null) {
        end();
        throw new IllegalStateException(
            "The store refuses a row of model %s: %s".formatted(shape.model(), refused));
      }
    }

    /** Readers' alias leads here, and nowhere else, in one step. */
    private void lead(Batch batch) throws SearchFailed {
      Served before = served.get(shape.model());
      indices.lead(shape.model(), before == null ? null : before.index, index);
      if (before != null) {
        indices.retire(before.index, clock.instant());
      }
      hasEnded = true;
      building.remove(shape.model(), this);
      served.put(shape.model(), new Served(index, model, batch));
    }

    @Override
    public void close() {
      synchronized (SearchSink.this) {
        end();
      }
    }
  }

  /** What the indices are made for that readers have, by model. */
  public synchronized Map<String, ModelIndex> served() {
    return failing(
        () -> {
          opened();
          Map<String, ModelIndex> all = new HashMap<>();
          served.forEach((model, one) -> all.put(model, one.model));
          return all;
        });
  }

  /**
   * The rows that readers have of a model now; empty where they have none. To be closed.
   *
   * @throws SinkFailed when the store does not give them
   */
  public synchronized Optional<StoredDocuments> documents(String model) {
    return failing(
        () -> {
          opened();
          Served one = served.get(model);
          return one == null
              ? Optional.empty()
              : Optional.of(new StoredDocuments(Scroll.of(client, one.index)));
        });
  }

  @Override
  public Optional<Collection<List<@Nullable String>>> rows(String model) {
    return failing(() -> stored.of(model)).map(rows -> rows);
  }

  @Override
  public void close() {
    client.close();
  }
}
