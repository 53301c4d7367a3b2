package dev.freshet.cluster;

import io.zonky.test.db.postgres.embedded.DefaultPostgresBinaryResolver;
import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/**
 * PostgreSQL's own programs, unpacked once from the archive on the class path into the user's cache
 * folder, one folder per archive.
 */
final class PostgresBinaries {

  private static final Duration COMMAND_TIMEOUT = Duration.ofMinutes(2);
  private static final int LINES_TOLD = 4;
  private static final int OWNER_MAY_EXECUTE = 0100;

  private final Path home;

  private PostgresBinaries(Path home) {
    this.home = home;
  }

  /** Unpacks the programs for this machine where no earlier start has. */
  static PostgresBinaries unpacked() {
    String system = System.getProperty("os.name").startsWith("Mac") ? "Darwin" : "Linux";
    String hardware = System.getProperty("os.arch");
    try {
      Path home = cacheFolder().resolve("postgresql-%08x".formatted(checksum(system, hardware)));
      if (!Files.isDirectory(home)) {
        unpack(system, hardware, home);
      }
      return new PostgresBinaries(home);
    } catch (IOException e) {
      throw new ClusterException(
          "PostgreSQL's programs can't be unpacked into %s: %s. Make it writable, or set XDG_CACHE_HOME to a folder that is."
              .formatted(cacheFolder(), e.getMessage()),
          e);
    }
  }

  private static Path cacheFolder() {
    String configured = System.getenv("XDG_CACHE_HOME");
    Path cache =
        configured != null && !configured.isBlank()
            ? Path.of(configured)
            : Path.of(System.getProperty("user.home"), ".cache");
    return cache.resolve("freshet");
  }

  private static long checksum(String system, String hardware) throws IOException {
    CRC32 crc = new CRC32();
    try (InputStream in =
        new CheckedInputStream(
            DefaultPostgresBinaryResolver.INSTANCE.getPgBinary(system, hardware), crc)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return crc.getValue();
  }

  private static void unpack(String system, String hardware, Path home) throws IOException {
    Files.createDirectories(home.getParent());
    Path partial = Files.createTempDirectory(home.getParent(), "unpacking-");
    try (InputStream archive =
            DefaultPostgresBinaryResolver.INSTANCE.getPgBinary(system, hardware);
        TarArchiveInputStream tar =
            new TarArchiveInputStream(new XZCompressorInputStream(archive))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Path target = partial.resolve(entry.getName()).normalize();
        if (!target.startsWith(partial)) {
          throw new IOException("the archive holds a path outside itself: " + entry.getName());
        }
        if (entry.isDirectory()) {
          Files.createDirectories(target);
        } else if (entry.isSymbolicLink()) {
          Files.createDirectories(target.getParent());
          Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
        } else {
          Files.createDirectories(target.getParent());
          Files.copy(tar, target, StandardCopyOption.REPLACE_EXISTING);
          if ((entry.getMode() & OWNER_MAY_EXECUTE) != 0) {
            Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxr-xr-x"));
          }
        }
      }
    }
    try {
      Files.move(partial, home, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
      DataFolder.delete(partial); // another process was faster
    }
  }

  /** The major version that data folders are made for, such as {@code 18}. */
  String majorVersion() {
    String printed = run(List.of("postgres", "--version"));
    String version = printed.strip().replaceFirst(".*\\) ", "");
    return version.replaceFirst("\\D.*", "");
  }

  /**
   * What runs one of the programs: its path and its arguments, behind what PostgreSQL needs to run
   * for root.
   */
  List<String> commandLine(List<String> command) {
    List<String> line = new ArrayList<>();
    if (LinuxUtils.isUnshareAvailable()) {
      // PostgreSQL refuses to run as root; a user namespace of its own makes it somebody else.
      line.addAll(List.of("unshare", "-U"));
    }
    line.add(home.resolve("bin").resolve(command.getFirst()).toString());
    line.addAll(command.subList(1, command.size()));
    return line;
  }

  /**
   * Runs one of the programs to its end.
   *
   * @param command the program's name, then its arguments
   * @return what it printed
   * @throws ClusterException when it fails or does not end in time, with what it printed
   */
  String run(List<String> command) {
    List<String> line = commandLine(command);
    try {
      Path output = Files.createTempFile("freshet-", ".out");
      try {
        ProcessBuilder builder =
            new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(output.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        builder.environment().put("LC_ALL", "C.UTF-8");
        Process process = builder.start();
        if (!process.waitFor(COMMAND_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
          process.destroyForcibly();
          throw new ClusterException(
              "%s did not end within %d seconds: %s"
                  .formatted(command.getFirst(), COMMAND_TIMEOUT.toSeconds(), tail(output)));
        }
        if (process.exitValue() != 0) {
          throw new ClusterException("%s failed: %s".formatted(command.getFirst(), tail(output)));
        }
        return Files.readString(output);
      } finally {
        Files.deleteIfExists(output);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClusterException("Interrupted while " + command.getFirst() + " ran", e);
    }
  }

  private static String tail(Path output) throws IOException {
    List<String> lines =
        Arrays.stream(Files.readString(output).split("\n", -1)).filter(l -> !l.isBlank()).toList();
    return lines.isEmpty()
        ? "it printed nothing"
        : String.join(" | ", lines.subList(Math.max(0, lines.size() - LINES_TOLD), lines.size()));
  }
}
