package dev.freshet.connect;

import dev.freshet.sync.publish.PublishBackend;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * One publisher. It writes to the log by itself, and hands Connect no records: a batch of whole
 * transactions of the source, with what they mean, is one transaction of Kafka, which no setting of
 * a worker, converter or transform can split.
 *
 * <p>Connect polls it for as long as the connector is to run. A paused one it does not poll, and
 * does not tell; so the publisher stops when nobody has polled for {@link #PAUSED_AFTER}.
 */
public final class FreshetTask extends SourceTask {

  private static final Logger log = LoggerFactory.getLogger(FreshetTask.class);

  private static final Duration POLL = Duration.ofSeconds(1);
  private static final Duration PAUSED_AFTER = Duration.ofSeconds(4);

  /** For a task that is being stopped while the next one starts. */
  private static final Duration PORT_FREE_WITHIN = Duration.ofSeconds(30);

  private final CountDownLatch stopped = new CountDownLatch(1);
  private Map<String, Object> settings = Map.of();
  private volatile long polledNanos;
  private long portTakenNanos;
  private @Nullable ConfigurableApplicationContext publisher;

  @Override
  public String version() {
    return new FreshetConnector().version();
  }

  /**
   * Starts the publisher.
   *
   * @throws ConnectException when it can't be started
   */
  @Override
  public void start(Map<String, String> config) {
    if (!ZoneId.systemDefault().getRules().equals(ZoneOffset.UTC.getRules())) {
      throw new ConnectException(
          "Times in the log are printed in the time zone of the worker, which is %s. Start all workers with -Duser.timezone=UTC."
              .formatted(ZoneId.systemDefault()));
    }
    settings = new ConnectorSettings(config).ofPublisher();
    publish();
    Thread.ofVirtual().name("freshet pause").start(this::watchPolls);
  }

  /**
   * Has it go on.
   *
   * @return null, always
   * @throws ConnectException when it can't be started
   */
  @Override
  public @Nullable List<SourceRecord> poll() throws InterruptedException {
    publish();
    boolean _ = stopped.await(POLL.toMillis(), TimeUnit.MILLISECONDS);
    polledNanos = System.nanoTime();
    return null;
  }

  private synchronized void publish() {
    if (publisher == null && stopped.getCount() > 0) {
      try {
        publisher = PublishBackend.startWithin(settings);
        portTakenNanos = 0;
      } catch (RuntimeException e) {
        requireToBeTriedAgain(e);
      }
    }
    polledNanos = System.nanoTime(); // after a start, which may take seconds
  }

  private void requireToBeTriedAgain(RuntimeException failure) {
    if (!isPortTaken(failure)) {
      throw new ConnectException(
          "The publisher can't be started: " + failure.getMessage(), failure);
    }
    long now = System.nanoTime();
    if (portTakenNanos == 0) {
      portTakenNanos = now;
    } else if (now - portTakenNanos > PORT_FREE_WITHIN.toNanos()) {
      throw new ConnectException(
          "Port %s of the worker is taken. Stop what listens there, or give the connector another port."
              .formatted(settings.get("server.port")),
          failure);
    }
  }

  private static boolean isPortTaken(RuntimeException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof PortInUseException) {
        return true;
      }
    }
    return false;
  }

  private void watchPolls() {
    try {
      Duration left = PAUSED_AFTER;
      while (!stopped.await(left.toMillis(), TimeUnit.MILLISECONDS)) {
        left = endIfPaused();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Until when it need not be checked again. */
  private synchronized Duration endIfPaused() {
    Duration left = PAUSED_AFTER.minusNanos(System.nanoTime() - polledNanos);
    if (left.isPositive()) {
      return left;
    }
    if (publisher != null) {
      log.info(
          "Not polled for {} s, as of a paused connector: nothing is published until it is.",
          PAUSED_AFTER.toSeconds());
      end();
    }
    return PAUSED_AFTER;
  }

  private synchronized void end() {
    ConfigurableApplicationContext running = publisher;
    publisher = null;
    if (running != null) {
      try {
        running.close();
      } catch (RuntimeException e) {
        log.warn("The publisher did not end in order", e);
      }
    }
  }

  @Override
  public void stop() {
    stopped.countDown();
    end();
  }
}
