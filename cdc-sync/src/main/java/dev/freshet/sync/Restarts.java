package dev.freshet.sync;

import dev.freshet.sync.model.SessionEnd;
import dev.freshet.sync.model.TableName;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * When the next session starts and which tables it copies again, by how those before it ended.
 *
 * <p>One that was outdated is followed at once, unless it was the second in a row that did not
 * last: then, and after each failure, the pause doubles from 100 ms to 5 s.
 */
final class Restarts {

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final Duration LONG_SESSION = Duration.ofSeconds(10);
  private static final Duration STANDBY_PAUSE = Duration.ofMillis(500);

  private Duration pause = FIRST_PAUSE;
  private boolean wasOutdated;
  private @Nullable TableName unclear;

  /**
   * What comes next.
   *
   * @param pause until it starts
   * @param copyAgain tables whose mirrors it can't trust
   */
  record Next(Duration pause, Set<TableName> copyAgain) {

    /** Before any session has ended. */
    static final Next FIRST = new Next(Duration.ZERO, Set.of());
  }

  /**
   * Decides.
   *
   * @param lasted how long the session went on
   */
  Next after(SessionEnd end, Duration lasted) {
    return switch (end) {
      case SessionEnd.Stopped ignored -> settled(FIRST_PAUSE);
      case SessionEnd.OtherLeads ignored -> settled(STANDBY_PAUSE);
      case SessionEnd.Paused ignored -> settled(STANDBY_PAUSE);
      case SessionEnd.Outdated ignored -> {
        unclear = null;
        yield soon(lasted, Set.of());
      }
      case SessionEnd.UnclearColumns now -> {
        // Once, the session may not have known of an alteration; twice, nobody can tell.
        boolean isSecond = now.table().equals(unclear);
        unclear = now.table();
        yield soon(lasted, isSecond ? Set.of(now.table()) : Set.of());
      }
      case SessionEnd.CopiesDiffer now -> {
        unclear = null;
        yield soon(lasted, now.tables());
      }
      case SessionEnd.Refused ignored -> {
        unclear = null;
        pause = LONGEST_PAUSE;
        yield new Next(pause, Set.of());
      }
      case SessionEnd.Failed ignored -> {
        pause = longer(pause);
        yield new Next(pause, Set.of());
      }
    };
  }

  private Next settled(Duration wait) {
    unclear = null;
    wasOutdated = false;
    pause = wait;
    return new Next(wait, Set.of());
  }

  private Next soon(Duration lasted, Set<TableName> copyAgain) {
    pause = wasOutdated && lasted.compareTo(LONG_SESSION) <= 0 ? longer(pause) : Duration.ZERO;
    wasOutdated = true;
    return new Next(pause, copyAgain);
  }

  private static Duration longer(Duration pause) {
    Duration longer = pause.isZero() ? FIRST_PAUSE : pause.multipliedBy(2);
    return longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
  }
}
