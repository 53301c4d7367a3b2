package dev.freshet.runtime;

import dev.freshet.protocol.PostgresUrl;
import dev.freshet.protocol.TimelineHistory;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The history of the timeline that a URL's primary is on, asked for once a timeline. */
public final class TimelineHistories {

  private static final Logger log = LoggerFactory.getLogger(TimelineHistories.class);

  private static final Duration ASK_AGAIN = Duration.ofSeconds(5);

  private final PostgresUrl url;
  private @Nullable TimelineHistory known;
  private int refused;
  private long refusedNanos;

  public TimelineHistories(PostgresUrl url) {
    this.url = url;
  }

  /** The history; empty while no server tells it. */
  public synchronized Optional<TimelineHistory> of(int timeline) {
    TimelineHistory last = known;
    if (last != null && last.current() == timeline) {
      return Optional.of(last);
    }
    if (refused == timeline && System.nanoTime() - refusedNanos < ASK_AGAIN.toNanos()) {
      return Optional.empty();
    }
    for (PostgresUrl server : url.each()) {
      try {
        known = TimelineHistory.ask(server, timeline);
        return Optional.of(known);
      } catch (SQLException e) {
        if (refused != timeline) {
          log.warn(
              "{} does not tell the history of timeline {} ({}). Sessions from before it have to start anew; a role with the right to replicate is told",
              server,
              timeline,
              e.getMessage());
        }
      }
    }
    refused = timeline;
    refusedNanos = System.nanoTime();
    return Optional.empty();
  }
}
