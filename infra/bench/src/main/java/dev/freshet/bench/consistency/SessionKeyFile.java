package dev.freshet.bench.consistency;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** The file of the keys that session tokens are signed with. */
final class SessionKeyFile {

  private static final int KEY_BYTES = 32;

  private SessionKeyFile() {}

  /** Adds a key that signs from now on; of those before the last one stays accepted. */
  static void addTo(Path file) throws IOException {
    byte[] key = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(key);
    List<String> keys =
        new ArrayList<>(
            List.of(
                "k%d:%s".formatted(System.nanoTime(), Base64.getEncoder().encodeToString(key))));
    if (Files.exists(file)) {
      keys.add(Files.readAllLines(file).getFirst());
    }
    Files.write(file, keys);
  }
}
