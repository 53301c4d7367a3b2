package dev.freshet.sync.source;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A temporary file for what memory is not to hold; it is deleted when it is closed. */
public final class SpillFile implements AutoCloseable {

  private static final int BUFFER_BYTES = 1 << 16;

  private final Path file;
  private final DataOutputStream out;

  /** Makes one. */
  public SpillFile() throws IOException {
    file = Files.createTempFile("freshet-changes", ".spill");
    out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file), BUFFER_BYTES));
  }

  /** Appends to it. */
  public DataOutputStream out() {
    return out;
  }

  /** Reads, from the beginning, what was written so far; the caller closes it. */
  public DataInputStream open() throws IOException {
    out.flush();
    return new DataInputStream(new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES));
  }

  /** A failure to write to one, with what to do. */
  public static UncheckedIOException notWritten(IOException e) {
    return new UncheckedIOException(
        "Changes of a large transaction can't be written to the temporary folder (%s). Make room there, or name another with -Djava.io.tmpdir."
            .formatted(e.getMessage()),
        e);
  }

  @Override
  public void close() {
    try (out) {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
