package dev.freshet.sync.source;

import dev.freshet.protocol.TimelineHistory;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import java.time.Instant;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;

/**
 * Where rows and their changes come from: one system, whose transactions have one order.
 *
 * <p>A copy asks whether it can {@linkplain #continuation go on} from where it is. If not, a {@link
 * #seed} gives it the rows as they are at one place, from which a {@link #capture} then goes on. A
 * {@link #snapshot} gives it the rows of a table that joins later.
 *
 * <p>An instance is for one thread at a time, as a connection is; {@link ChangeSources} gives
 * others. Only the capture, {@link #wish} and {@link #now} may be used beside it. What can't be
 * reached fails with an unchecked exception, which ends the session.
 */
public interface ChangeSource extends AutoCloseable {

  /**
   * Which database of which system this is.
   *
   * @param system an identifier that the system's replicas share, and no other system has
   */
  record Origin(String system, String database) {}

  Origin origin();

  /** Where the source is now: everything that is committed is at or before it. */
  Place place();

  /**
   * Whether a copy can go on from where it is.
   *
   * @throws SyncRefused when going on would lose changes and a person has to decide, or when the
   *     source lacks what capturing needs
   */
  Continuation continuation(Held held);

  /** The epoch that it is in, and where those before it ended. */
  TimelineHistory history();

  /** What the tables look like. */
  SourceSchema schema();

  /**
   * The models as views on the source, for copies of the whole system; empty where the source has
   * no such thing.
   */
  Optional<ModelViews> views();

  /** Has the changes of exactly these tables captured from now on, as far as that is allowed. */
  Published publish(Collection<TableName> tables);

  /**
   * Tables whose changes beyond a place do not all come: what a copy has of them has to be copied
   * again.
   *
   * @param applied where the copy is
   */
  default Set<TableName> interrupted(Place applied) {
    return Set.of();
  }

  /** Gives up the place from which it would go on, and begins at another: the seed's. */
  Seed seed();

  /** The rows as they are at one place that the capture under way passes. */
  Seed snapshot();

  /** Prepares to capture; nothing is captured before {@link Capture#run}. */
  Capture capture(CaptureRequest request);

  /**
   * A reader waits for a place. The capture sees to it that a transaction ends at or after it,
   * where the source has been there.
   */
  void wish(Place wanted);

  /** How the capture's claim on what the source retains stands; empty when there is none. */
  Optional<Claim> claim();

  /** What time it is at the source, by the clock that commits are stamped with. */
  Instant now();

  @Override
  void close();
}
