package dev.freshet.read.event;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.protocol.ReadDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Tells when there are new events, by a connection that listens as long as somebody waits. */
public final class EventSignals implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(EventSignals.class);

  private static final Duration RECONNECT = Duration.ofSeconds(1);
  private static final Duration CONNECT_WITHIN = Duration.ofSeconds(5);

  /** Then the connection is asked whether it still lives. */
  private static final int LISTEN_MILLIS = 30_000;

  private final String name;
  private final PostgresUrl url;
  private final AtomicLong count = new AtomicLong();
  private final Sinks.Many<Long> counts = Sinks.many().multicast().directBestEffort();
  private int subscribers;
  private @Nullable Thread listener;

  /** Listens to a read database under a name that the server shows. */
  public EventSignals(String name, PostgresUrl url) {
    this.name = name;
    this.url = url;
  }

  /** How often something was told. */
  public long count() {
    return count.get();
  }

  /** Waits until more was told than a count, or for a time. */
  public Mono<Void> await(long seen, Duration most) {
    return Flux.merge(counts.asFlux(), Mono.fromCallable(this::count))
        .filter(told -> told > seen)
        .next()
        .timeout(most, Mono.empty())
        .then();
  }

  /** Listens while a subscriber is there. */
  public synchronized void subscribe() {
    subscribers++;
    if (listener == null) {
      listener = Thread.ofVirtual().name("event-signals").start(this::listen);
    }
  }

  /** A subscriber is gone; after the last, nothing listens. */
  public synchronized void unsubscribe() {
    subscribers--;
    if (subscribers == 0) {
      close();
    }
  }

  @Override
  public synchronized void close() {
    Thread running = listener;
    if (running != null) {
      running.interrupt();
      listener = null;
    }
  }

  private synchronized boolean isWanted() {
    return Thread.currentThread().equals(listener);
  }

  private void tell() {
    counts.emitNext(count.incrementAndGet(), Sinks.EmitFailureHandler.busyLooping(RECONNECT));
  }

  private void listen() {
    while (isWanted()) {
      try (Connection connection = connect();
          Statement statement = connection.createStatement()) {
        statement.execute("listen " + ReadDatabase.EVENTS_CHANNEL);
        tell(); // what came before it listened
        PGConnection notified = connection.unwrap(PGConnection.class);
        while (isWanted()) {
          PGNotification[] told = notified.getNotifications(LISTEN_MILLIS);
          if (told != null && told.length > 0) {
            tell();
          } else {
            statement.execute("");
          }
        }
      } catch (SQLException e) {
        if (isWanted()) {
          log.debug("Nothing is heard of new events", e);
          LockSupport.parkNanos(RECONNECT.toNanos());
        }
      }
    }
  }

  private Connection connect() throws SQLException {
    Properties properties = url.properties(name + "-events", CONNECT_WITHIN);
    properties.setProperty("socketTimeout", "0");
    return url.connect(properties);
  }
}
