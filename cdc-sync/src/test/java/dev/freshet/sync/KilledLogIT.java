package dev.freshet.sync;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.List;

/** The same with a log on a broker between: its broker and its publisher are killed, too. */
class KilledLogIT extends Killing {

  @Override
  boolean viaLog() {
    return true;
  }

  @Override
  int kinds() {
    return 8;
  }

  @Override
  void kill(int what, List<Path> classes) throws Exception {
    switch (what) {
      case 4, 5 -> {
        requireNonNull(broker).kill();
        requireNonNull(broker).startAgain();
      }
      case 6, 7 -> killPublisher();
      default -> super.kill(what, classes);
    }
  }
}
