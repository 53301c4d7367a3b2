package dev.freshet.sync.follow;

import java.time.Duration;

/** Is told how a follower is; on its thread, and soon. */
public interface FollowerObserver {

  /** It is so now; told after each round, too. */
  void became(FollowerState state);

  /** A batch is searchable, so long after it was begun. */
  void wrote(Duration took);
}
