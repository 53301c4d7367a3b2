package dev.freshet.sync.source;

import dev.freshet.sync.model.TableName;
import java.util.List;

/**
 * A view of the source that models may read.
 *
 * @param columns their names, in order
 * @param definition its SELECT
 */
public record UserView(TableName name, List<String> columns, String definition) {

  public UserView {
    columns = List.copyOf(columns);
  }
}
