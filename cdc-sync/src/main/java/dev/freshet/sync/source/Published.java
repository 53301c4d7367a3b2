package dev.freshet.sync.source;

import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import java.util.Collection;
import java.util.Collections;
import java.util.Set;

/**
 * What is captured of the tables that were asked for.
 *
 * @param missing those that are not
 * @param reason why not, and what to do; empty when none is missing
 * @param added those that are only captured from now on
 */
public record Published(Set<TableName> missing, String reason, Set<TableName> added) {

  /** Where all were captured already. */
  public Published(Set<TableName> missing, String reason) {
    this(missing, reason, Set.of());
  }

  public Published {
    missing = Set.copyOf(missing);
    added = Set.copyOf(added);
  }

  /**
   * Makes sure that none of these is missing.
   *
   * @throws SyncRefused when one is
   */
  public void requireAll(Collection<TableName> tables) {
    if (!Collections.disjoint(missing, tables)) {
      throw new SyncRefused(reason);
    }
  }
}
