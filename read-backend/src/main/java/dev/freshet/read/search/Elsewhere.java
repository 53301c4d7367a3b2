package dev.freshet.read.search;

import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.query.Refused;
import dev.freshet.read.store.StoreFailed;

/**
 * What a search store can't answer as PostgreSQL would; never leaves the package but as {@link
 * StoreFailed}.
 */
final class Elsewhere extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Says what it is.
   *
   * @param what a part of a sentence: "a search store does not answer" it
   */
  Elsewhere(String what) {
    super(what, null, false, false);
  }

  /** A refusal that moves a read to another copy. */
  StoreFailed refusal() {
    return new StoreFailed(
        Refused.of(
            ProblemCode.NOT_CAUGHT_UP,
            "A search store does not answer %s; another copy does.".formatted(getMessage())),
        false,
        this);
  }
}
