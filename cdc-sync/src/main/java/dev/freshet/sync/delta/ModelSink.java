package dev.freshet.sync.delta;

import dev.freshet.sync.source.Place;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the rows of models in another store than the read database, for readers of its own.
 *
 * <p>Readers see all that one call brought, rows of every model and the place, or nothing of it.
 * Calls come one after the other.
 */
public interface ModelSink extends AutoCloseable {

  /** What its rows are at, over restarts, too; empty before it began. */
  Optional<Place> place();

  /**
   * Changes follow from this place on, which may be before {@link #place}. Readers have no rows
   * from another place from now on, until these are {@linkplain #rebuild rebuilt}.
   */
  void begin(Place at);

  /**
   * Takes changes, and their place with them. To take the same twice is to take it once.
   *
   * <p>Readers have no rows of a model that was reset, until it is rebuilt. Rows of a model that it
   * does not hold change nothing.
   *
   * @throws IllegalArgumentException when the place is before {@link #place}; nothing is changed
   * @throws IllegalStateException when it has not begun
   */
  void apply(ModelDeltas deltas);

  /**
   * Begins a model's rows again, beside those that readers have. Another rebuild of it is given up.
   *
   * <p>{@link #apply} changes both the rows that readers have and these from now on.
   */
  Rebuild rebuild(ModelShape shape);

  /** Rows of a model that readers don't have yet; given up when it is closed before they do. */
  interface Rebuild extends AutoCloseable {

    /**
     * Adds rows of one snapshot, taken after this was begun. What {@link ModelSink#apply} has said
     * of a row since then stands.
     *
     * @throws IllegalStateException when it has ended, see {@link #serve}
     */
    void add(Collection<List<@Nullable String>> rows);

    /**
     * Readers have these rows from now on, in one step.
     *
     * @param at the snapshot's place
     * @return false when changes up to there are still to be applied: to be tried again after them
     * @throws IllegalStateException when it has ended: served, closed, given up for another, or
     *     made void by a reset of the model or a begin
     */
    boolean serve(Place at);

    @Override
    void close();
  }

  /** The rows of a model as readers have them; empty when they have none of it. */
  Optional<Collection<List<@Nullable String>>> rows(String model);

  @Override
  void close();
}
