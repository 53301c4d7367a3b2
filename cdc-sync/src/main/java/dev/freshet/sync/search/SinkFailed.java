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

  /** Something that is asked of a store. */
  interface Call<T> {
    T run() throws SearchFailed;
  }

  /** Asks, and throws this where the store does not do it. */
  static <T> T failing(Call<T> call) {
    try {
      return call.run();
    } catch (SearchFailed e) {
      throw new SinkFailed(e);
    }
  }

  /** What the store said. */
  public SearchFailed failure() {
    return failure;
  }
}
