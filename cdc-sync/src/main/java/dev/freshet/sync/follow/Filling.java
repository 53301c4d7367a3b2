package dev.freshet.sync.follow;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.sync.delta.ModelSink;
import dev.freshet.sync.search.SearchSink;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes all rows of one model to a store, beside the rounds, from a snapshot of its own. */
final class Filling implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Filling.class);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

  private final PostgresUrl readDatabase;
  private final FollowedModel model;
  private final SearchSink sink;
  private final Thread thread;
  private volatile boolean closed;
  private volatile boolean isWaiting;
  private volatile String reason = "";

  private Filling(PostgresUrl readDatabase, FollowedModel model, SearchSink sink) {
    this.readDatabase = readDatabase;
    this.model = model;
    this.sink = sink;
    this.thread = Thread.ofPlatform().name("filling " + model.model().name()).unstarted(this::run);
  }

  static Filling start(PostgresUrl readDatabase, FollowedModel model, SearchSink sink) {
    Filling filling = new Filling(readDatabase, model, sink);
    filling.thread.start();
    return filling;
  }

  String model() {
    return model.model().name();
  }

  boolean hasEnded() {
    return !thread.isAlive();
  }

  /** Whether its rows are all there, and the store's place is not. */
  boolean isWaiting() {
    return isWaiting && !hasEnded();
  }

  /** What went wrong; empty where nothing did. */
  String reason() {
    return reason;
  }

  private void run() {
    long began = System.nanoTime();
    try (ModelSink.Rebuild rebuild = sink.rebuild(model.shape(), model.index())) {
      fill(rebuild);
      log.info(
          "Model {} is searched in the store, after {} s",
          model(),
          Duration.ofNanos(System.nanoTime() - began).toSeconds());
    } catch (SQLException | RuntimeException e) {
      if (!closed) {
        reason = SearchFollower.reason(e);
        log.warn("Rows of model {} are not written: {}", model(), reason);
      }
    }
  }

  private void fill(ModelSink.Rebuild rebuild) throws SQLException {
    Snapshot.At at;
    try (Connection connection = Snapshot.connect(readDatabase);
        Snapshot snapshot = Snapshot.of(connection, List.of(model()))) {
      at = snapshot.at();
      boolean isTheSame =
          FollowedModel.of(snapshot.connection(), model.model())
              .filter(now -> now.index().equals(model.index()))
              .isPresent();
      if (!isTheSame || !snapshot.live().contains(model())) {
        return; // the next round sees what it is now
      }
      snapshot.all(
          model,
          rows -> {
            if (closed) {
              throw new IllegalStateException("The follower stops");
            }
            rebuild.add(rows);
          });
    }
    isWaiting = true;
    while (!closed && !rebuild.serve(at.place())) {
      LockSupport.parkNanos(LOOK_AGAIN.toNanos());
    }
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
