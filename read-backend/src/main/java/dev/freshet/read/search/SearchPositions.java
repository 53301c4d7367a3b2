package dev.freshet.read.search;

import dev.freshet.protocol.Position;
import dev.freshet.protocol.SourceKind;
import dev.freshet.runtime.source.PositionSource;
import dev.freshet.runtime.source.PositionUnknown;
import dev.freshet.runtime.source.Progress;
import dev.freshet.search.SearchClient;
import dev.freshet.search.SearchFailed;
import dev.freshet.search.StoreNames;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** How far a search store is: what its follower has said is searchable. */
public final class SearchPositions implements PositionSource {

  /** How often a follower says that nothing new is there. */
  private static final Duration CONFIRMED_EVERY = Duration.ofSeconds(1);

  /** A batch takes longer, and a question costs a request. */
  private static final Duration ASK_AGAIN = Duration.ofMillis(10);

  private static final double MILLIS_PER_SECOND = 1_000.0;

  private static final String QUERY =
      "{\"query\":{\"ids\":{\"values\":[\"%s\"]}},\"track_total_hits\":false}"
          .formatted(StoreNames.PLACE);

  private final SearchClient client;
  private final Clock clock;
  private volatile @Nullable Position polled;
  private volatile String system = "";

  /** Asks a store, and closes the client with itself. */
  public SearchPositions(SearchClient client, Clock clock) {
    this.client = client;
    this.clock = clock;
  }

  @Override
  public SourceKind kind() {
    return SourceKind.SEARCH;
  }

  @Override
  public Duration askAgain() {
    return ASK_AGAIN;
  }

  @Override
  public String whyNowhere() {
    return "no follower has written to it yet";
  }

  /** All that is at or before it is searchable since the last poll; null where nothing is known. */
  @Nullable Position polled() {
    return polled;
  }

  @Override
  public Asking ask() {
    return new Asking() {
      @Override
      public Optional<Progress> poll() throws PositionUnknown {
        return SearchPositions.this.poll();
      }

      @Override
      public Optional<String> systemIdentifier() {
        return Optional.of(system).filter(known -> !known.isEmpty());
      }

      @Override
      public void nudge(Position wanted) {
        // The follower has what the read database has, whose readers ask for more.
      }

      @Override
      public void close() {}
    };
  }

  private Optional<Progress> poll() throws PositionUnknown {
    try {
      JsonNode hits =
          client
              .send("POST", "/%s/_search?preference=_primary".formatted(StoreNames.PROGRESS), QUERY)
              .path("hits")
              .path("hits");
      if (hits.isEmpty()) {
        return Optional.empty();
      }
      dev.freshet.search.Progress told =
          dev.freshet.search.Progress.of(hits.path(0).path("_source"));
      polled = told.place();
      system = told.systemIdentifier();
      return Optional.of(new Progress(told.place(), lagSeconds(told), null));
    } catch (SearchFailed e) {
      if (e.isMissing()) {
        return Optional.empty();
      }
      throw new PositionUnknown(e);
    }
  }

  private double lagSeconds(dev.freshet.search.Progress told) {
    Instant now = clock.instant();
    Duration behind = Duration.between(told.committedAt(), told.writtenAt());
    Duration overdue = Duration.between(told.writtenAt(), now).minus(CONFIRMED_EVERY);
    return (Math.max(0, behind.toMillis()) + Math.max(0, overdue.toMillis())) / MILLIS_PER_SECOND;
  }

  @Override
  public void close() {
    client.close();
  }
}
