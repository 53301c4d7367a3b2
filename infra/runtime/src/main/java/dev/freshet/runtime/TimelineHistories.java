package dev.freshet.runtime;

import dev.freshet.protocol.PostgresUrl;
import dev.freshet.protocol.TimelineHistory;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The history of the timeline that a URL's primary is on, asked for once a timeline, on a thread of
 * its own.
 */
public final class TimelineHistories {

  private static final Logger log = LoggerFactory.getLogger(TimelineHistories.class);

  private static final Duration ASK_AGAIN = Duration.ofSeconds(5);

  private final PostgresUrl url;
  private volatile @Nullable TimelineHistory known;
  private volatile int warned;
  private int asked;
  private long askedNanos;

  public TimelineHistories(PostgresUrl url) {
    this.url = url;
  }

  /** The history; empty while no server has told it. Does not wait. */
  public Optional<TimelineHistory> of(int timeline) {
    if (timeline == 1) {
      return Optional.of(TimelineHistory.startingAt(1));
    }
    TimelineHistory last = known;
    if (last != null && last.current() == timeline) {
      return Optional.of(last);
    }
    if (isTimeToAsk(timeline)) {
      Thread.ofVirtual().name("timeline-history").start(() -> ask(timeline));
    }
    return Optional.empty();
  }

  private synchronized boolean isTimeToAsk(int timeline) {
    if (asked == timeline && System.nanoTime() - askedNanos < ASK_AGAIN.toNanos()) {
      return false;
    }
    asked = timeline;
    askedNanos = System.nanoTime();
    return true;
  }

  private void ask(int timeline) {
    for (PostgresUrl server : url.each()) {
      try {
        known = TimelineHistory.ask(server, timeline);
        return;
      } catch (SQLException e) {
        if (warned != timeline) {
          log.warn(
              "{} refused the history of timeline {} ({}). Until a server tells it, requests with a token from before the failover are answered 409 position-lost. Run there: alter role ROLE replication",
              server,
              timeline,
              e.getMessage());
        }
      }
    }
    warned = timeline;
  }
}
