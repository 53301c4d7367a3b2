package dev.freshet.sync.search;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Is told of rows that OpenSearch refuses, whatever is tried. */
public interface Rejections {

  /**
   * A row is not in the store.
   *
   * @param reason what OpenSearch says against it
   */
  void rejected(String model, List<? extends @Nullable String> key, String reason);
}
