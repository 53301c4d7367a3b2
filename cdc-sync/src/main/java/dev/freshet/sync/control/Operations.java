package dev.freshet.sync.control;

import dev.freshet.sync.apply.DeadLetters;
import dev.freshet.sync.verify.Difference;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

/**
 * What an operator can ask for.
 *
 * <p>All but pausing need a session that is streaming; without one they throw {@link NotStreaming}.
 */
public interface Operations {

  /** Nothing is streamed now, so that nothing can be compared between two batches. */
  final class NotStreaming extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public NotStreaming() {
      super(
          "The sync is not streaming now; ./freshet status says why. Try again when it is; one that is paused goes on after POST /api/sync/resume.");
    }
  }

  /** A model that is not kept in step has nothing to be compared. */
  final class NotKept extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public NotKept(String model, String state, String reason) {
      super("Model %s is %s. %s".formatted(model, state, reason).strip());
    }
  }

  /** Stops applying, until resumed, over restarts too. */
  void pause() throws SQLException;

  void resume() throws SQLException;

  /**
   * Has a model rebuilt, beside the table that serves.
   *
   * @return whether there is such a model
   */
  boolean rebuild(String model);

  /**
   * Compares a model with what it should be.
   *
   * @param withSource whether with the source itself, the tables that it reads included
   * @return empty when there is no such model; otherwise the model's difference last
   * @throws NotKept when it is not kept in step
   */
  Optional<List<Difference>> verify(String model, boolean withSource)
      throws SQLException, TimeoutException;

  /** What waits among the dead letters, the oldest first. */
  List<DeadLetters.Letter> deadLetters() throws SQLException;

  /**
   * Tries a dead letter again.
   *
   * @return what still stands against it; empty when it went through
   * @throws java.util.NoSuchElementException when there is no such letter
   */
  Optional<String> retry(long id);

  /** Gives a dead letter up; the same otherwise. */
  Optional<String> discard(long id);
}
