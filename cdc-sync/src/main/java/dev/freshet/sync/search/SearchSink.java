package dev.freshet.sync.search;

import dev.freshet.protocol.Position;
import dev.freshet.search.Batch;
import dev.freshet.search.Json;
import dev.freshet.search.ModelIndex;
import dev.freshet.search.Progress;
import dev.freshet.search.RowDocument;
import dev.freshet.search.SearchClient;
import dev.freshet.search.SearchFailed;
import dev.freshet.search.StoreNames;
import dev.freshet.sync.delta.ModelDelta;
import dev.freshet.sync.delta.ModelDeltas;
import dev.freshet.sync.delta.ModelShape;
import dev.freshet.sync.delta.ModelSink;
import dev.freshet.sync.source.Place;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Keeps models in a search store.
 *
 * <p>A batch is written with the place that it is of around its rows, made searchable in one step
 * for each model, and only then told as the store's progress. Readers who have seen the progress,
 * and ask for a model's rows and its batch in one searcher, see whole batches alone. Versions of
 * documents are places, so that a writer that was late changes nothing.
 */
public final class SearchSink implements ModelSink {

  /** Readers may be at work on an index when another takes its place. */
  private static final Duration KEPT_FOR_READERS = Duration.ofSeconds(60);

  private final SearchClient client;
  private final Describe describe;
  private final Rejections rejections;
  private final Clock clock;
  private final int replicas;
  private final StoredRows stored;
  private final Map<String, Served> served = new HashMap<>();
  private final Map<String, Building> building = new HashMap<>();
  private final List<Retired> retired = new ArrayList<>();
  private Origin origin = new Origin("", "");
  private @Nullable Progress progress;
  private Instant committedAt = Instant.EPOCH;
  private boolean isOpened;

  /** A batch of which some rows may be written. */
  private @Nullable Round open;

  /** What an index is made for. */
  public interface Describe extends Function<ModelShape, ModelIndex> {}

  /**
   * Where the rows come from.
   *
   * @param systemIdentifier PostgreSQL's name of the system
   * @param readDatabase which read database is followed
   */
  public record Origin(String systemIdentifier, String readDatabase) {}

  private static final class Served {
    private final String index;
    private final ModelIndex model;
    private final RowDocument documents;
    private Batch batch;

    Served(String index, ModelIndex model, Batch batch) {
      this.index = index;
      this.model = model;
      this.documents = new RowDocument(model);
      this.batch = batch;
    }
  }

  private record Retired(String index, Instant since) {}

  /**
   * Prepares to write.
   *
   * @param describe what an index is made for
   * @param replicas copies of each shard
   */
  public SearchSink(
      SearchClient client, Describe describe, Rejections rejections, int replicas, Clock clock) {
    this.client = client;
    this.describe = describe;
    this.rejections = rejections;
    this.replicas = replicas;
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

  private interface Call<T> {
    T run() throws SearchFailed;
  }

  private static <T> T failing(Call<T> call) {
    try {
      return call.run();
    } catch (SearchFailed e) {
      throw new SinkFailed(e);
    }
  }

  @Override
  public synchronized Optional<Place> place() {
    return failing(this::opened).map(known -> Place.of(known.place()));
  }

  /** What the store says of itself; empty before it began. */
  public synchronized Optional<Progress> progress() {
    return failing(this::opened);
  }

  /** What is there is looked at once: nobody else writes. */
  private Optional<Progress> opened() throws SearchFailed {
    if (!isOpened) {
      served.clear();
      progress = readProgress();
      Map<String, String> aliases = aliases();
      JsonNode mappings =
          client.send(
              "GET", "/" + StoreNames.ALL_MODELS + "/_mapping?ignore_unavailable=true", null);
      for (Map.Entry<String, JsonNode> each : mappings.properties()) {
        String model = aliases.get(each.getKey());
        if (model == null) {
          drop(each.getKey()); // of a rebuild that was given up, or retired
        } else {
          ModelIndex index = ModelIndex.of(each.getValue().path("mappings").path("_meta"));
          served.put(index.model(), new Served(each.getKey(), index, readBatch(each.getKey())));
        }
      }
      isOpened = true;
    }
    return Optional.ofNullable(progress);
  }

  private @Nullable Progress readProgress() throws SearchFailed {
    try {
      return Progress.of(
          client
              .send("GET", "/%s/_doc/%s".formatted(StoreNames.PROGRESS, StoreNames.PLACE), null)
              .path("_source"));
    } catch (SearchFailed e) {
      if (e.isMissing()) {
        return null;
      }
      throw e;
    }
  }

  private Batch readBatch(String index) throws SearchFailed {
    return Batch.of(
        client
            .send("GET", "/%s/_doc/%s".formatted(StoreNames.inPath(index), StoreNames.PLACE), null)
            .path("_source"));
  }

  /** Alias by the index that it leads to. */
  private Map<String, String> aliases() throws SearchFailed {
    Map<String, String> aliases = new HashMap<>();
    JsonNode all =
        client.send("GET", "/" + StoreNames.ALL_MODELS + "/_alias?ignore_unavailable=true", null);
    for (Map.Entry<String, JsonNode> index : all.properties()) {
      index
          .getValue()
          .path("aliases")
          .properties()
          .forEach(alias -> aliases.put(index.getKey(), alias.getKey()));
    }
    return aliases;
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
      drop(gone.index);
    }
  }

  private void drop(String index) throws SearchFailed {
    client.send("DELETE", "/%s?ignore_unavailable=true".formatted(StoreNames.inPath(index)), null);
  }

  /** What is said is searchable when this returns. */
  private void tell(Position place) throws SearchFailed {
    Progress next =
        new Progress(
            place, origin.systemIdentifier(), origin.readDatabase(), committedAt, clock.instant());
    String path = "/%s/_doc/%s?refresh=true".formatted(StoreNames.PROGRESS, StoreNames.PLACE);
    try {
      client.send("PUT", path + "&require_alias=false", next.document());
    } catch (SearchFailed e) {
      if (!e.isMissing()) {
        throw e;
      }
      client.send("PUT", "/" + StoreNames.PROGRESS, Progress.creation(replicas));
      client.send("PUT", path, next.document());
    }
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
          bulk.add(batch(one.index, new Batch(place, one.batch.applied())));
        }
        addRows(bulk, one.index, one.documents, rows, place);
      }
      Building unfinished = building.get(rows.model());
      if (unfinished != null) {
        addRows(bulk, unfinished.index, unfinished.documents, rows, place);
        unfinished.note(rows, place);
      }
    }

    /** The last of each index comes in the request that makes all of them searchable. */
    private void finish() throws SearchFailed {
      // One that was served anew meanwhile, or is not any more, has no rows of this batch.
      changed.values().removeIf(one -> served.get(one.model.model()) != one);
      for (Served one : changed.values()) {
        bulk.add(batch(one.index, new Batch(place, place)));
      }
      bulk.flush(!changed.isEmpty());
      changed.values().forEach(one -> one.batch = new Batch(place, place));
      tell(place);
      dropRetired();
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

  private static BulkWriter.Write batch(String index, Batch batch) {
    return new BulkWriter.Write(
        index,
        StoreNames.PLACE,
        batch.begun().lsn().value(),
        batch.document(),
        null,
        reason -> {
          throw new SearchFailed(0, "", reason, null);
        });
  }

  private void addRows(
      BulkWriter bulk, String index, RowDocument documents, ModelDelta.Rows rows, Position place)
      throws SearchFailed {
    long version = place.lsn().value();
    for (List<@Nullable String> key : rows.removed()) {
      bulk.add(removal(index, rows.model(), key, version));
    }
    for (Map.Entry<List<@Nullable String>, List<@Nullable String>> row :
        rows.upserted().entrySet()) {
      bulk.add(row(index, documents, rows.model(), row.getKey(), row.getValue(), version));
    }
  }

  private BulkWriter.Write removal(
      String index, String model, List<@Nullable String> key, long version) {
    return new BulkWriter.Write(
        index,
        RowDocument.id(key),
        version,
        null,
        null,
        reason -> rejections.rejected(model, key, reason));
  }

  private BulkWriter.Write row(
      String index,
      RowDocument documents,
      String model,
      List<@Nullable String> key,
      List<@Nullable String> values,
      long version) {
    return new BulkWriter.Write(
        index,
        RowDocument.id(key),
        version,
        documents.of(values),
        () -> documents.asText(values),
        reason -> rejections.rejected(model, key, reason));
  }

  private void dropRetired() throws SearchFailed {
    Instant now = clock.instant();
    for (Retired each : List.copyOf(retired)) {
      if (each.since().plus(KEPT_FOR_READERS).isBefore(now)) {
        drop(each.index());
        retired.remove(each);
      }
    }
  }

  @Override
  public Rebuild rebuild(ModelShape shape) {
    return rebuild(shape, describe.apply(shape));
  }

  /** The same, where it is known what the index is made for. */
  public synchronized Rebuild rebuild(ModelShape shape, ModelIndex model) {
    return failing(
        () -> {
          opened();
          Building unfinished = building.get(shape.model());
          if (unfinished != null) {
            unfinished.end();
          }
          String index = StoreNames.index(shape.model(), nextNumber(shape.model()));
          client.send("PUT", "/" + StoreNames.inPath(index), model.creation(replicas));
          Building begun = new Building(shape, index, model);
          building.put(shape.model(), begun);
          return begun;
        });
  }

  private long nextNumber(String model) throws SearchFailed {
    JsonNode indices =
        client.send(
            "GET",
            "/%s-*/_alias?ignore_unavailable=true"
                .formatted(StoreNames.inPath(StoreNames.alias(model))),
            null);
    return 1 + indices.propertyNames().stream().mapToLong(StoreNames::number).max().orElse(0);
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
          drop(index);
        } catch (SearchFailed e) {
          retired.add(new Retired(index, Instant.EPOCH)); // tried again with a later batch
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
                bulk.add(row(index, documents, shape.model(), shape.keyOf(values), values, 0));
              }
              bulk.flush(false);
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
                bulk.add(removal(index, shape.model(), gone.getKey(), gone.getValue()));
              }
              bulk.add(batch(index, batch));
              bulk.flush(true);
              lead(batch);
              return true;
            });
      }
    }

    /** Readers' alias leads here, and nowhere else, in one step. */
    private void lead(Batch batch) throws SearchFailed {
      String alias = Json.string(StoreNames.alias(shape.model()));
      Served before = served.get(shape.model());
      String removal =
          before == null
              ? ""
              : "{\"remove\":{\"index\":%s,\"alias\":%s}},"
                  .formatted(Json.string(before.index), alias);
      client.send(
          "POST",
          "/_aliases",
          "{\"actions\":[%s{\"add\":{\"index\":%s,\"alias\":%s}}]}"
              .formatted(removal, Json.string(index), alias));
      if (before != null) {
        retired.add(new Retired(before.index, clock.instant()));
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

  @Override
  public Optional<Collection<List<@Nullable String>>> rows(String model) {
    return failing(() -> stored.of(model)).map(rows -> rows);
  }

  @Override
  public void close() {
    client.close();
  }
}
