package dev.freshet.gateway.live;

import dev.freshet.runtime.watch.Watch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;

/** Looks at the routes file, several times a second. */
public final class RoutesWatch implements AutoCloseable {

  private static final Duration LOOK_EVERY = Duration.ofMillis(200);
  private static final long LARGEST_BYTES = 4 << 20;

  private final Path file;
  private final RoutesLoader loader;
  private final Watch watch;

  public RoutesWatch(Path file, RoutesLoader loader) {
    this.file = file;
    this.loader = loader;
    this.watch = new Watch("routes-watch", LOOK_EVERY, this::look);
  }

  public void start() {
    watch.start();
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
    watch.close();
  }
}
