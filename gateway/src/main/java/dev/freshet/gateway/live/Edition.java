package dev.freshet.gateway.live;

import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * How a generation came to be.
 *
 * @param generation from 1
 * @param origin the generation that first had this text; another one after a rollback
 * @param text the file's, as it was written
 * @param changes against the generation before, a sentence each
 */
public record Edition(
    int generation, int origin, Instant loaded, Cause cause, String text, List<String> changes) {

  public Edition {
    changes = List.copyOf(changes);
  }

  /** Why it was loaded. */
  public enum Cause {
    START,
    FILE,
    ROLLBACK;

    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Override
  public String toString() {
    return "generation " + generation; // the text may hold secrets
  }
}
