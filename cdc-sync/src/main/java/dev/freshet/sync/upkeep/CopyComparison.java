package dev.freshet.sync.upkeep;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceTable;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.TimeoutException;

/** Compares copied tables with the source. */
@FunctionalInterface
public interface CopyComparison {

  /**
   * Compares at one position.
   *
   * @return those whose copies differ
   * @throws TimeoutException when the source gives no snapshot, or the sync does not get there
   */
  Set<TableName> differing(Collection<SourceTable> tables) throws SQLException, TimeoutException;
}
