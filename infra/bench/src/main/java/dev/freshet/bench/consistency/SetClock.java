package dev.freshet.bench.consistency;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The clock of one process, which can be set while it runs: libfaketime stands between it and the
 * machine's. Waits go on as they do on a machine whose clock is set.
 */
public final class SetClock {

  private static final Optional<Path> LIBRARY =
      Stream.of("x86_64-linux-gnu", "aarch64-linux-gnu")
          .map(machine -> Path.of("/usr/lib", machine, "faketime/libfaketimeMT.so.1"))
          .filter(Files::exists)
          .findFirst();

  private final Path file;

  private SetClock(Path file) {
    this.file = file;
  }

  /** Whether clocks can be set here; Debian has what it takes in its package faketime. */
  public static boolean isPossible() {
    return LIBRARY.isPresent();
  }

  /** One that is right. */
  static SetClock in(Path file) throws IOException {
    SetClock clock = new SetClock(file);
    clock.set(Duration.ZERO);
    return clock;
  }

  /** Ahead by this, or behind. */
  void set(Duration ahead) throws IOException {
    Files.writeString(file, "%+d".formatted(ahead.toSeconds()));
  }

  /** How a process comes by it: looks at the file once a second. */
  Map<String, String> environment() {
    return LIBRARY
        .map(
            library ->
                Map.of(
                    "LD_PRELOAD", library.toString(),
                    "FAKETIME_TIMESTAMP_FILE", file.toString(),
                    "FAKETIME_CACHE_DURATION", "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC", "1",
                    // Without, waits of the JVM end early.
                    "FAKETIME_FORCE_MONOTONIC_FIX", "0"))
        .orElse(Map.of());
  }
}
