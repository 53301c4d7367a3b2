package dev.freshet.connect;

import dev.freshet.sync.publish.PublishBackend;
import java.time.Duration;
import java.util.HashMap;
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
 * One publisher. It writes to the log by itself, and hands Connect no records: whole transactions
 * of the source, and what they mean, are one transaction of Kafka each batch, which no setting of a
 * worker, converter or transform can split.
 *
 * <p>Connect polls it for as long as the connector is to run. A paused one it polls no more,
 * without a word to the task; so the publisher stops when it was not polled for {@link
 * #PAUSED_AFTER}.
 */
public final class FreshetTask extends SourceTask {

  private static final Logger log = LoggerFactory.getLogger(FreshetTask.class);

  private static final Duration POLL = Duration.ofSeconds(1);
  private static final Duration PAUSED_AFTER = Duration.ofSeconds(4);

  private final CountDownLatch stopped = new CountDownLatch(1);
  private volatile long polledNanos;
  private Map<String, Object> settings = Map.of();
  private @Nullable ConfigurableApplicationContext publisher;

  @Override
  public String version() {
    return new FreshetConnector().version();
  }

  @Override
  public void start(Map<String, String> config) {
    settings = new ConnectorSettings(config).ofPublisher();
    publish();
    Thread.ofVirtual().name("freshet pause").start(this::watchPolls);
  }

  @Override
  public @Nullable List<SourceRecord> poll() throws InterruptedException {
    publish();
    boolean _ = stopped.await(POLL.toMillis(), TimeUnit.MILLISECONDS);
    polledNanos = System.nanoTime();
    return null;
  }

  /** Sees to it that it publishes. */
  private synchronized void publish() {
    polledNanos = System.nanoTime();
    if (publisher != null || isStopped()) {
      return;
    }
    try {
      publisher = PublishBackend.startWithin(settings);
    } catch (RuntimeException e) {
      if (!isPortTaken(e)) {
        throw new ConnectException("The publisher can't be started: " + e.getMessage(), e);
      }
      log.warn(
          "Port {} is taken: this task publishes, but nobody can ask how it is. Give the connector another port.",
          settings.get("server.port"));
      Map<String, Object> anyPort = new HashMap<>(settings);
      anyPort.put("server.port", 0);
      publisher = PublishBackend.startWithin(anyPort);
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
        left = PAUSED_AFTER.minusNanos(System.nanoTime() - polledNanos);
        if (!left.isPositive()) {
          log.info("The connector is paused: nothing is published until it goes on.");
          end();
          left = PAUSED_AFTER;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void end() {
    if (publisher != null) {
      publisher.close();
      publisher = null;
    }
  }

  private boolean isStopped() {
    return stopped.getCount() == 0;
  }

  @Override
  public void stop() {
    stopped.countDown();
    end();
  }
}
