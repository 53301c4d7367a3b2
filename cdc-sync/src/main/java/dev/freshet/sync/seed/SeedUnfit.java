package dev.freshet.sync.seed;

import org.jspecify.annotations.Nullable;

/** A server can't give the rows now. */
public final class SeedUnfit extends Exception {

  private static final long serialVersionUID = 1L;

  SeedUnfit(String why) {
    this(why, null);
  }

  SeedUnfit(String why, @Nullable Throwable cause) {
    super(why, cause);
  }
}
