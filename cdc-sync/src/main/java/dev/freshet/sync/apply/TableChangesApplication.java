package dev.freshet.sync.apply;

import dev.freshet.sync.source.RowChange;
import java.util.List;

/** Brings a freshly copied table up to date with the changes that were kept meanwhile. */
public final class TableChangesApplication {

  private TableChangesApplication() {}

  /** Applies what was taken, and closes it. */
  public static void run(Sql sql, Mirror mirror, PendingChanges.Taken taken) {
    long[] skip = {taken.skip()};
    try (var changes = taken.changes()) {
      changes.forEachChunk(
          chunk -> {
            int skipped = (int) Math.min(skip[0], chunk.size());
            skip[0] -= skipped;
            List<RowChange> rest = chunk.subList(skipped, chunk.size());
            if (!rest.isEmpty()) {
              TableChanges collapsed = mirror.noChanges();
              rest.forEach(collapsed::add);
              mirror.apply(sql, collapsed);
            }
          });
    }
  }
}
