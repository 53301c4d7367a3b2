package dev.freshet.sync.follow;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.sync.search.SearchSink;
import dev.freshet.sync.search.StoredDocuments;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.verify.Difference;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Comparisons of a store with its read database: the follower takes hold of both sides between two
 * batches, when they are at one place, and whoever asked compares while it goes on.
 */
final class Comparisons {

  private static final Duration BEGINS_WITHIN = Duration.ofSeconds(30);

  private final PostgresUrl readDatabase;
  private final AtomicReference<@Nullable Wish> wished = new AtomicReference<>();

  Comparisons(PostgresUrl readDatabase) {
    this.readDatabase = readDatabase;
  }

  /** Nothing can be compared now. */
  static final class Refused extends RuntimeException {

    private static final long serialVersionUID = 1L;

    Refused(String message) {
      super(message);
    }
  }

  /** A model that is to be compared, and who waits for both sides. */
  private record Wish(String model, CompletableFuture<StoreComparison> begun) {}

  /** What was found, and the place that both sides were at. */
  record Compared(Difference difference, Place place) {}

  /**
   * Compares a model, once the follower has begun to.
   *
   * @throws Refused when readers do not get this model from the store
   */
  Compared compare(String model) throws SQLException {
    Wish wish = new Wish(model, new CompletableFuture<>());
    if (!wished.compareAndSet(null, wish)) {
      throw new Refused("Another comparison is about to begin. Try again.");
    }
    try (StoreComparison comparison = await(wish)) {
      return new Compared(comparison.run(), comparison.place());
    }
  }

  private StoreComparison await(Wish wish) throws SQLException {
    try {
      return wish.begun().get(BEGINS_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      wished.compareAndSet(wish, null);
      if (wish.begun().cancel(false)) {
        throw new Refused(
            "The follower did not come to it within %d s. Try again."
                .formatted(BEGINS_WITHIN.toSeconds()));
      }
      return wish.begun().join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      wish.begun().cancel(false);
      throw new Refused("The follower stops.");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof SQLException failure) {
        throw failure;
      }
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(e);
    }
  }

  /**
   * Begins what was asked for.
   *
   * @param snapshot at whose place the store is, until another batch is written
   */
  void begin(Snapshot snapshot, Map<String, FollowedModel> followed, SearchSink sink) {
    Wish wish = wished.getAndSet(null);
    if (wish == null) {
      return;
    }
    try {
      FollowedModel model = followed.get(wish.model());
      StoredDocuments stored = sink.documents(wish.model()).orElse(null);
      if (model == null || stored == null) {
        throw new Refused(
            "Model %s is not answered from the store now; ./freshet models list says why."
                .formatted(wish.model()));
      }
      StoreComparison begun = StoreComparison.begin(readDatabase, snapshot, model, stored);
      if (!wish.begun().complete(begun)) {
        begun.close(); // whoever asked has given up
      }
    } catch (SQLException | RuntimeException e) {
      wish.begun().completeExceptionally(e);
    }
  }
}
