package dev.freshet.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.function.Function;

/** A file with a secret that is made here, readable by its owner alone. */
public final class SecretFile {

  private static final int BYTES = 32;

  private SecretFile() {}

  /**
   * Makes it where there is none. It is there with its content or not at all.
   *
   * @param content what the file says of 32 random bytes
   */
  public static void makeOnce(Path file, Function<byte[], String> content) throws IOException {
    if (Files.exists(file)) {
      return;
    }
    byte[] random = new byte[BYTES];
    new SecureRandom().nextBytes(random);
    Path made =
        Files.createTempFile(
            file.toAbsolutePath().getParent(),
            file.getFileName().toString(),
            ".new",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(made, content.apply(random));
    Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
