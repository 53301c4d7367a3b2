package dev.freshet.write.run;

import java.time.Duration;

/** Sees what a command has the primary do. */
@FunctionalInterface
public interface Observer {

  /** Sees nothing. */
  Observer NONE = (sql, rows, took) -> {};

  /**
   * A statement was answered.
   *
   * @param sql as the driver took it, without what was to be set before
   * @param rows so many it returned, as far as they were read
   */
  void saw(String sql, int rows, Duration took);
}
