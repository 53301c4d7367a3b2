package dev.freshet.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;

/**
 * Makes a replica's folder from a running primary: PostgreSQL's low-level base backup, as its
 * manual describes it under "Making a Base Backup Using the Low Level API". (The binaries on the
 * class path hold no {@code pg_basebackup}.)
 *
 * <p>The log that the copy needs is kept by the replica's physical slot, which must exist before.
 */
final class ReplicaCopy {

  /** Folders whose content belongs to the primary alone; made, but left empty. */
  private static final Set<String> LEFT_EMPTY =
      Set.of(
          "pg_wal",
          "pg_replslot",
          "pg_dynshmem",
          "pg_notify",
          "pg_serial",
          "pg_snapshots",
          "pg_stat_tmp",
          "pg_subtrans");

  private static final Set<String> LEFT_OUT =
      Set.of("postmaster.pid", "postmaster.opts", "freshet.conf", "pg_internal.init");

  private ReplicaCopy() {}

  static void make(PostgresServer primary, PostgresServer replica) {
    Path partial = replica.partial();
    try {
      DataFolder.delete(partial);
      try (Connection connection = primary.connect();
          Statement statement = connection.createStatement()) {
        statement.execute("select pg_backup_start('%s', true)".formatted(replica.id()));
        copy(primary.directory(), partial);
        try (ResultSet label =
            statement.executeQuery("select labelfile from pg_backup_stop(false)")) {
          label.next();
          Files.writeString(partial.resolve("backup_label"), label.getString(1));
        }
      }
      Files.createFile(partial.resolve("standby.signal"));
      replica.become(partial);
    } catch (SQLException e) {
      throw new ClusterException(
          "The copy for %s can't be made: %s".formatted(replica.id(), e.getMessage()), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectory(
        to, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            Path relative = from.relativize(directory);
            if (relative.toString().isEmpty()) {
              return FileVisitResult.CONTINUE;
            }
            Files.createDirectory(
                to.resolve(relative),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            return LEFT_EMPTY.contains(relative.toString())
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (!LEFT_OUT.contains(file.getFileName().toString())) {
              copyUnlessGone(file, to.resolve(from.relativize(file)));
            }
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
        });
  }

  /** A file may go while the primary works on; replay of the log does without it. */
  private static void copyUnlessGone(Path file, Path target) throws IOException {
    try {
      Files.copy(file, target);
    } catch (NoSuchFileException e) {
      Files.deleteIfExists(target);
    }
  }
}
