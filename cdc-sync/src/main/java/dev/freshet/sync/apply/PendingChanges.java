package dev.freshet.sync.apply;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Changes;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SourceTransaction;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Changes of a table that is being copied, to be applied when its rows are there: those of
 * transactions that ended after the copy's position.
 */
public final class PendingChanges implements AutoCloseable {

  private Changes changes = new Changes();

  /** How many changes there are up to the end of each transaction, until the position is known. */
  private final TreeMap<Place, Long> counts = new TreeMap<>();

  private @Nullable Place from;
  private long skip;

  /** Keeps the changes of those tables that are being copied. */
  static void keep(Map<TableName, PendingChanges> copying, List<SourceTransaction> transactions) {
    if (copying.isEmpty()) {
      return;
    }
    for (SourceTransaction transaction : transactions) {
      transaction
          .changes()
          .forEachChunk(
              chunk -> {
                for (RowChange change : chunk) {
                  PendingChanges pending = copying.get(change.table());
                  if (pending != null) {
                    pending.add(transaction.end(), change);
                  }
                }
              });
    }
  }

  /** Keeps a change. */
  private synchronized void add(Place end, RowChange change) {
    if (from == null || end.compareTo(from) > 0) {
      changes.add(change);
      if (from == null) {
        counts.put(end, changes.size());
      }
    }
  }

  /** The rows were copied as they were at this place. */
  public synchronized void copiedAt(Place place) {
    from = place;
    Map.Entry<Place, Long> last = counts.floorEntry(place);
    skip = last == null ? 0 : last.getValue();
    counts.clear();
  }

  /**
   * What has come together, and how many at its begin the copy has already.
   *
   * @param changes to be closed by whoever takes them
   */
  public record Taken(Changes changes, long skip) {}

  /** Takes what has come together since the last time. */
  public synchronized Taken take() {
    Taken taken = new Taken(changes, skip);
    changes = new Changes();
    skip = 0;
    return taken;
  }

  /** How many there are. */
  public synchronized long size() {
    return changes.size() - skip;
  }

  @Override
  public synchronized void close() {
    changes.close();
  }
}
