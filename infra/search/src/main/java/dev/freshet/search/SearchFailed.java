package dev.freshet.search;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A search store did not do what it was asked. */
public final class SearchFailed extends Exception {

  private static final long serialVersionUID = 1L;

  private static final int NOT_FOUND = 404;
  private static final int CONFLICT = 409;

  /** Too many requests at once, and what a node says that starts, stops or is full. */
  private static final Set<Integer> PASSING = Set.of(0, 429, 502, 503, 504);

  /** Of an index that is read-only, because a disk is full or somebody made it so. */
  private static final String BLOCKED = "cluster_block_exception";

  private final int status;
  private final String type;

  /**
   * A failure.
   *
   * @param status of the answer; 0 where there was none
   * @param type what OpenSearch calls it; empty where it says nothing
   * @param reason for people
   */
  public SearchFailed(int status, String type, String reason, @Nullable Throwable cause) {
    super(reason, cause);
    this.status = status;
    this.type = type;
  }

  /** The answer's status; 0 where there was no answer. */
  public int status() {
    return status;
  }

  /** What OpenSearch calls it, as {@code version_conflict_engine_exception}. */
  public String type() {
    return type;
  }

  /** Whether the same may succeed later, when the store is well again. */
  public boolean isPassing() {
    return PASSING.contains(status) || type.equals(BLOCKED);
  }

  /** Whether what was asked for is not there. */
  public boolean isMissing() {
    return status == NOT_FOUND;
  }

  /** Whether somebody else was faster. */
  public boolean isConflict() {
    return status == CONFLICT;
  }
}
