package dev.freshet.sync.delta;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What changed in the rows of one model. */
public sealed interface ModelDelta {

  String model();

  /**
   * These rows are as they are said to be; all others are as they were. No key is in both.
   *
   * <p>What rows were before is not said, and a row may be said again that is as it was. Values are
   * texts as PostgreSQL prints them under {@link dev.freshet.postgres.PinnedSession}, null for
   * NULL.
   *
   * @param removed keys to delete; there may be no such row
   * @param upserted whole rows by their key, new or in place of an earlier one
   */
  record Rows(
      ModelShape shape,
      Set<List<@Nullable String>> removed,
      Map<List<@Nullable String>, List<@Nullable String>> upserted)
      implements ModelDelta {

    /** Copies both, in their order. */
    public Rows {
      removed = Collections.unmodifiableSet(new LinkedHashSet<>(removed));
      upserted = Collections.unmodifiableMap(new LinkedHashMap<>(upserted));
    }

    @Override
    public String model() {
      return shape.model();
    }
  }

  /**
   * Any row may have changed, or the model is not kept any more: whoever holds rows of it takes all
   * of them again, once it is live.
   *
   * @param because a sentence for people
   */
  record Reset(String model, String because) implements ModelDelta {}
}
