package dev.freshet.sync.search;

import dev.freshet.search.SearchFailed;

/** The store did not take what it was given; {@link SearchFailed#isPassing} says whether it may. */
public final class SinkFailed extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final SearchFailed failure;

  SinkFailed(SearchFailed failure) {
    super(failure.getMessage(), failure);
    this.failure = failure;
  }

  /** What the store said. */
  public SearchFailed failure() {
    return failure;
  }
}
