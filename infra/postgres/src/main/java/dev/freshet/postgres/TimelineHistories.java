package dev.freshet.postgres;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.TimelineHistory;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;
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

  /** Of connecting, and of each answer. */
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  private final PostgresUrl url;
  private volatile @Nullable TimelineHistory known;
  private volatile int warned;
  private int asked;
  private long askedNanos;

  public TimelineHistories(PostgresUrl url) {
    this.url = url;
  }

  /**
   * Asks a server now, with {@code TIMELINE_HISTORY} of PostgreSQL's streaming replication
   * protocol.
   *
   * @param url of one server; its role needs the right to replicate
   * @param current the timeline that it is on
   */
  public static TimelineHistory ask(PostgresUrl url, int current) throws SQLException {
    if (current == 1) {
      return TimelineHistory.startingAt(1);
    }
    Properties properties = url.properties("freshet-history", TIMEOUT);
    properties.setProperty("socketTimeout", Long.toString(TIMEOUT.toSeconds()));
    properties.setProperty("replication", "database");
    properties.setProperty("assumeMinServerVersion", "14");
    properties.setProperty("preferQueryMode", "simple");
    try (Connection replication = url.connect(properties);
        Statement statement = replication.createStatement();
        ResultSet history = statement.executeQuery("TIMELINE_HISTORY " + current)) {
      history.next();
      SortedMap<Integer, Lsn> ends = new TreeMap<>();
      new String(history.getBytes("content"), StandardCharsets.UTF_8)
          .lines()
          .map(line -> line.strip().split("\\s+", 3))
          .filter(parts -> parts.length > 1 && parts[0].matches("\\d+"))
          .forEach(parts -> ends.put(Integer.parseInt(parts[0]), Lsn.parse(parts[1])));
      return new TimelineHistory(current, ends);
    }
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
        known = TimelineHistories.ask(server, timeline);
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
