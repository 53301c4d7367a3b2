package dev.freshet.gateway.live;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the routes file, several times a second. Notices of the file system are no help where
 * the file is mounted from elsewhere, as it is in Kubernetes.
 */
public final class RoutesWatch implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(RoutesWatch.class);

  private static final Duration LOOK_EVERY = Duration.ofMillis(200);
  private static final long LARGEST_BYTES = 4 << 20;

  private final Path file;
  private final RoutesLoader loader;
  private final Thread thread;

  public RoutesWatch(Path file, RoutesLoader loader) {
    this.file = file;
    this.loader = loader;
    this.thread = Thread.ofVirtual().name("routes-watch").unstarted(this::run);
  }

  public void start() {
    thread.start();
  }

  private void run() {
    while (!Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
      try {
        look();
      } catch (RuntimeException e) {
        log.error("The routes file could not be looked at; it is tried again", e);
      }
    }
  }

  private void look() {
    try {
      if (Files.size(file) > LARGEST_BYTES) {
        loader.lookInVain("%s is larger than %d bytes".formatted(file, LARGEST_BYTES));
      } else {
        loader.look(Files.readString(file));
      }
    } catch (NoSuchFileException e) {
      loader.lookInVain("%s is not there any more".formatted(file));
    } catch (IOException e) {
      loader.lookInVain("%s can't be read (%s)".formatted(file, e.getClass().getSimpleName()));
    }
  }

  @Override
  public void close() {
    thread.interrupt();
    try {
      thread.join(Duration.ofSeconds(5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
