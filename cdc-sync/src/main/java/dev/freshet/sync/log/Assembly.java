package dev.freshet.sync.log;

import dev.freshet.sync.source.ChangeFormat;
import dev.freshet.sync.source.Changes;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceTransaction;
import dev.freshet.sync.source.SpillFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Puts transactions together again, each once and in order, whatever a writer that was killed has
 * left or a new one has repeated. What is large waits in a file.
 */
final class Assembly implements AutoCloseable {

  private static final int MOST_BYTES_IN_MEMORY = 16 << 20;

  private Place applied;
  private @Nullable Open open;

  /**
   * Begins.
   *
   * @param applied what ended at or before this is passed over
   */
  Assembly(Place applied) {
    this.applied = applied;
  }

  /**
   * Takes the next record of the log.
   *
   * @return the transaction that is whole with it; its changes are the caller's to close
   * @throws LogBroken when a chunk is missing, or comes at the wrong time
   */
  Optional<SourceTransaction> take(Chunk chunk) {
    Open begun = open;
    if (chunk.number() == 0) {
      // Whoever wrote what is open never came to its end.
      close();
      begun = null;
      if (applied.isAtOrPast(chunk.end())) {
        return Optional.empty();
      }
    }
    if (begun == null) {
      if (applied.isAtOrPast(chunk.end())) {
        return Optional.empty(); // the rest of one that was passed over
      }
      if (!applied.isAtOrPast(chunk.after())) {
        throw new LogBroken(
            "a transaction at %s that follows one at %s, and none between %s and that"
                .formatted(chunk.end(), chunk.after(), applied));
      }
      if (chunk.number() != 0) {
        throw new LogBroken(
            "chunk %d of the transaction at %s, and none before it"
                .formatted(chunk.number(), chunk.end()));
      }
      begun = new Open(chunk.end());
      open = begun;
    }
    begun.add(chunk);
    if (!chunk.isLast()) {
      return Optional.empty();
    }
    SourceTransaction whole = begun.whole(chunk);
    close();
    applied = whole.end();
    return Optional.of(whole);
  }

  @Override
  public void close() {
    if (open != null) {
      open.close();
      open = null;
    }
  }

  /** A transaction whose end has not come yet. */
  private static final class Open implements AutoCloseable {

    private final Place end;
    private int next;
    private long bytes;
    private ByteArrayOutputStream inMemory = new ByteArrayOutputStream();
    private @Nullable SpillFile spill;

    Open(Place end) {
      this.end = end;
    }

    void add(Chunk chunk) {
      if (chunk.number() != next || !chunk.end().equals(end)) {
        throw new LogBroken(
            "chunk %d of the transaction at %s where chunk %d of the one at %s was to come"
                .formatted(chunk.number(), chunk.end(), next, end));
      }
      next++;
      try {
        if (spill == null && bytes + chunk.content().length() > MOST_BYTES_IN_MEMORY) {
          SpillFile to = new SpillFile();
          spill = to;
          inMemory.writeTo(to.out());
          inMemory = new ByteArrayOutputStream();
        }
        chunk.content().writeTo(spill == null ? inMemory : spill.out());
        bytes += chunk.content().length();
      } catch (IOException e) {
        throw SpillFile.notWritten(e);
      }
    }

    SourceTransaction whole(Chunk last) {
      Changes changes = new Changes();
      try (DataInputStream in = content()) {
        for (long i = 0; i < last.count(); i++) {
          changes.add(ChangeFormat.read(in));
        }
        if (in.read() >= 0) {
          throw new IOException("there is more");
        }
      } catch (IOException e) {
        changes.close();
        throw new LogBroken(
            "other content than the %d changes of %s (%s)"
                .formatted(last.count(), end, e.getMessage()));
      }
      return new SourceTransaction(end, last.committedAt(), changes, last.trace());
    }

    private DataInputStream content() throws IOException {
      return spill == null
          ? new DataInputStream(new ByteArrayInputStream(inMemory.toByteArray()))
          : spill.open();
    }

    @Override
    public void close() {
      if (spill != null) {
        spill.close();
      }
    }
  }
}
