package dev.freshet.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The folder that holds a cluster's data, its password and its logs, locked for one process.
 *
 * <p>Layout: {@code primary/}, {@code replica-N/}, {@code read-N/}, {@code logs/}, {@code pgpass},
 * {@code lock}.
 */
public final class DataFolder implements AutoCloseable {

  /** The first file that is made. */
  private static final String LOCK = "lock";

  private static final int PASSWORD_BYTES = 24;
  private static final Set<PosixFilePermission> OWNER_ONLY_FOLDER =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> OWNER_ONLY_FILE =
      PosixFilePermissions.fromString("rw-------");

  private final Path path;
  private final FileChannel lockFile;
  private final String password;

  private DataFolder(Path path, FileChannel lockFile, String password) {
    this.path = path;
    this.lockFile = lockFile;
    this.password = password;
  }

  /**
   * Makes the folder where there is none, and locks it.
   *
   * @throws ClusterException when it can't be written, or another process holds it
   */
  public static DataFolder open(Path folder) {
    try {
      Files.createDirectories(folder);
      refuseWhatIsNotOurs(folder);
      Files.setPosixFilePermissions(folder, OWNER_ONLY_FOLDER);
      FileChannel lockFile = lock(folder);
      Files.createDirectories(folder.resolve("logs"));
      return new DataFolder(folder, lockFile, password(folder.resolve("pgpass")));
    } catch (IOException e) {
      throw new ClusterException(
          "The data folder %s can't be written (%s). Make it writable for this user, or choose another with --data."
              .formatted(folder, e.getClass().getSimpleName()),
          e);
    }
  }

  /** A home folder, say, named by mistake, is neither locked away nor filled. */
  private static void refuseWhatIsNotOurs(Path folder) throws IOException {
    try (DirectoryStream<Path> content = Files.newDirectoryStream(folder)) {
      if (content.iterator().hasNext() && !Files.exists(folder.resolve(LOCK))) {
        throw new ClusterException(
            "The folder %s holds files that are not freshet's. Choose an empty one with --data."
                .formatted(folder));
      }
    }
  }

  private static FileChannel lock(Path folder) throws IOException {
    FileChannel channel =
        FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      channel.close();
      throw new ClusterException(
          "The data folder %s is in use by another freshet. Stop that one, or choose another folder with --data."
              .formatted(folder));
    }
    return channel;
  }

  private static String password(Path pgpass) throws IOException {
    if (Files.exists(pgpass)) {
      String line = Files.readString(pgpass).lines().findFirst().orElse("");
      return line.substring(line.lastIndexOf(':') + 1);
    }
    byte[] random = new byte[PASSWORD_BYTES];
    new SecureRandom().nextBytes(random);
    String password = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    Path partial = pgpass.resolveSibling("pgpass.partial");
    Files.deleteIfExists(partial);
    Files.createFile(partial, PosixFilePermissions.asFileAttribute(OWNER_ONLY_FILE));
    Files.writeString(
        partial,
        """
        127.0.0.1:*:*:postgres:%1$s
        localhost:*:*:postgres:%1$s
        """
            .formatted(password));
    Files.move(partial, pgpass);
    return password;
  }

  public Path path() {
    return path;
  }

  /** The password file that libpq and pgjdbc read, mode 0600. */
  public Path pgpass() {
    return path.resolve("pgpass");
  }

  public Path logs() {
    return path.resolve("logs");
  }

  String password() {
    return password;
  }

  @Override
  public void close() {
    try {
      lockFile.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Deletes a folder and all that is in it; one that is not there is fine. */
  static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure)
              throws IOException {
            if (failure instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw failure;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
              throws IOException {
            Files.deleteIfExists(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
