package dev.freshet.sync.follow;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.sync.connection.SqlStates;
import dev.freshet.sync.search.SearchSink;
import dev.freshet.sync.search.StoredDocuments;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.verify.Difference;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
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
  private final Semaphore one = new Semaphore(1);
  private final AtomicReference<@Nullable Request> requested = new AtomicReference<>();

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
  private record Request(String model, CompletableFuture<StoreComparison> begun) {}

  /** What was found, and the place that both sides were at. */
  record Compared(Difference difference, Place place) {}

  /**
   * Compares a model, once the follower has begun to; one at a time.
   *
   * @throws Refused when readers do not get this model from the store
   */
  Compared compare(String model) throws SQLException {
    if (!one.tryAcquire()) {
      throw new Refused("Another comparison is running. Try again when it is done.");
    }
    Request request = new Request(model, new CompletableFuture<>());
    requested.set(request);
    try (StoreComparison comparison = begun(request)) {
      return new Compared(comparison.run(), comparison.place());
    } finally {
      requested.set(null);
      one.release();
    }
  }

  private static StoreComparison begun(Request request) throws SQLException {
    try {
      return request.begun().get(BEGINS_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      giveUp(request);
      throw new Refused(
          "The follower did not begin the comparison within %d s: it writes a long batch. Try again."
              .formatted(BEGINS_WITHIN.toSeconds()));
    } catch (InterruptedException e) {
      giveUp(request);
      Thread.currentThread().interrupt();
      throw new Refused("Nobody waits for the comparison any more.");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof SQLException failure) {
        throw failure;
      }
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(e);
    }
  }

  /** It may have begun just now. */
  private static void giveUp(Request request) throws SQLException {
    if (!request.begun().cancel(false) && !request.begun().isCompletedExceptionally()) {
      request.begun().join().close();
    }
  }

  /**
   * Begins what was asked for.
   *
   * @param snapshot at whose place the store is, until another batch is written
   */
  void begin(Snapshot snapshot, Map<String, FollowedModel> followed, SearchSink sink) {
    Request request = requested.getAndSet(null);
    if (request == null) {
      return;
    }
    try {
      StoreComparison begun = begin(snapshot, followed.get(request.model()), sink, request.model());
      if (!request.begun().complete(begun)) {
        begun.close(); // whoever asked has given up
      }
    } catch (SQLException | RuntimeException e) {
      request
          .begun()
          .completeExceptionally(
              e instanceof SQLException failure
                      && SqlStates.LOCK_NOT_AVAILABLE.equals(failure.getSQLState())
                  ? new Refused(
                      "The table of model %s is being altered. Try again."
                          .formatted(request.model()))
                  : e);
    }
  }

  private StoreComparison begin(
      Snapshot snapshot, @Nullable FollowedModel model, SearchSink sink, String name)
      throws SQLException {
    StoredDocuments stored = model == null ? null : sink.documents(name).orElse(null);
    if (model == null || stored == null) {
      throw new Refused(
          "Model %s is not answered from the store now; ./freshet models list says why."
              .formatted(name));
    }
    return StoreComparison.begin(readDatabase, snapshot, model, stored);
  }
}
