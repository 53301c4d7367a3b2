package dev.freshet.sync.follow;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.search.ModelIndex;
import dev.freshet.sync.search.SearchSink;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which models a store has to be filled with, one after the other. One that fails is tried again
 * after a pause that doubles.
 */
final class FillQueue implements AutoCloseable {

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

  private final PostgresUrl readDatabase;
  private final SearchSink sink;
  private final Map<String, Failure> failures = new HashMap<>();
  private @Nullable Filling filling;

  /** Why rows of a model could not be written, and how long to wait before that is tried again. */
  private record Failure(String reason, Duration pause, long sinceNanos) {

    boolean isOver() {
      return System.nanoTime() - sinceNanos > pause.toNanos();
    }
  }

  FillQueue(PostgresUrl readDatabase, SearchSink sink) {
    this.readDatabase = readDatabase;
    this.sink = sink;
  }

  /** Whether one has written its rows, and waits for the store's place. */
  boolean isWaiting() {
    Filling unfinished = filling;
    return unfinished != null && unfinished.isWaiting();
  }

  /**
   * Begins with the next model that the store lacks, or has rows of another table of. Readers have
   * the rows that are there meanwhile.
   *
   * @return how each of them is in the store
   */
  Map<String, FollowerState.Model> begin(Map<String, FollowedModel> followed) {
    Map<String, FollowerState.Model> states = new HashMap<>();
    Filling unfinished = filling;
    if (unfinished != null && unfinished.hasEnded()) {
      noteEnd(unfinished);
      filling = null;
    } else if (unfinished != null) {
      states.put(
          unfinished.model(),
          new FollowerState.Model(FollowerState.Stage.FILLING, unfinished.reason()));
    }
    Map<String, ModelIndex> served = sink.served();
    for (FollowedModel model : followed.values()) {
      String name = model.model().name();
      Failure failure = failures.get(name);
      boolean isMissing = !model.index().equals(served.get(name));
      if (isMissing && failure != null && !failure.isOver()) {
        states.put(name, new FollowerState.Model(FollowerState.Stage.WAITING, failure.reason()));
      } else if (isMissing && filling == null) {
        filling = Filling.start(readDatabase, model, sink);
        states.put(name, new FollowerState.Model(FollowerState.Stage.FILLING, ""));
      }
      if (served.containsKey(name)) {
        states.put(
            name,
            new FollowerState.Model(
                FollowerState.Stage.SERVED,
                isMissing && failure != null ? failure.reason() : model.index().remark()));
      }
    }
    return states;
  }

  private void noteEnd(Filling ended) {
    if (ended.reason().isEmpty()) {
      failures.remove(ended.model());
      return;
    }
    Failure before = failures.get(ended.model());
    Duration doubled = before == null ? FIRST_PAUSE : before.pause().multipliedBy(2);
    Duration pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
    failures.put(ended.model(), new Failure(ended.reason(), pause, System.nanoTime()));
  }

  @Override
  public void close() {
    Filling unfinished = filling;
    if (unfinished != null) {
      unfinished.close();
    }
  }
}
