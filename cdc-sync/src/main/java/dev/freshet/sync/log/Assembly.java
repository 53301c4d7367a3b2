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
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Puts entries together again, each transaction once and in order, whatever a writer that was
 * killed has left or a new one has repeated. What is large waits in a file.
 */
final class Assembly implements AutoCloseable {

  private static final int MOST_BYTES_IN_MEMORY = 16 << 20;

  private Place applied;
  private @Nullable Open open;

  /**
   * Begins.
   *
   * @param applied transactions that ended at or before this are passed over
   */
  Assembly(Place applied) {
    this.applied = applied;
  }

  /**
   * Takes the next record of the log.
   *
   * @return the entry that is whole with it
   * @throws LogBroken when a chunk is missing, or comes at the wrong time
   */
  Optional<LogEntry> take(Chunk chunk) {
    if (chunk.number() == 0) {
      // Whoever wrote what is open never came to its end.
      close();
    }
    if (chunk.kind() == Chunk.Kind.CHANGES && applied.isAtOrPast(chunk.end())) {
      return Optional.empty();
    }
    Open begun = open;
    if (begun == null) {
      begun = begin(chunk);
      open = begun;
    }
    begun.add(chunk);
    if (!chunk.isLast()) {
      return Optional.empty();
    }
    LogEntry whole = begun.whole(chunk);
    close();
    if (chunk.end().compareTo(applied) > 0) {
      applied = chunk.end();
    }
    return Optional.of(whole);
  }

  private Open begin(Chunk chunk) {
    if (!applied.isAtOrPast(chunk.after())) {
      throw new LogBroken(
          "something at %s that follows a transaction at %s, and none between %s and that"
              .formatted(chunk.end(), chunk.after(), applied));
    }
    if (chunk.number() != 0) {
      throw new LogBroken(
          "chunk %d of what ends at %s, and none before it".formatted(chunk.number(), chunk.end()));
    }
    return new Open(chunk.kind(), chunk.end());
  }

  @Override
  public void close() {
    if (open != null) {
      open.close();
      open = null;
    }
  }

  /** An entry whose end has not come yet. */
  private static final class Open implements AutoCloseable {

    private final Chunk.Kind kind;
    private final Place end;
    private int next;
    private long bytes;
    private ByteArrayOutputStream inMemory = new ByteArrayOutputStream();
    private @Nullable SpillFile spill;

    Open(Chunk.Kind kind, Place end) {
      this.kind = kind;
      this.end = end;
    }

    void add(Chunk chunk) {
      if (chunk.number() != next || chunk.kind() != kind || !chunk.end().equals(end)) {
        throw new LogBroken(
            "chunk %d of what ends at %s where chunk %d of what ends at %s was to come"
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

    LogEntry whole(Chunk last) {
      if (kind == Chunk.Kind.CHANGES) {
        return new LogEntry.Committed(transaction(last));
      }
      try (DataInputStream in = content()) {
        return new LogEntry.Told(
            kind,
            last.after(),
            end,
            last.at(),
            new String(in.readAllBytes(), StandardCharsets.UTF_8));
      } catch (IOException e) {
        throw new LogBroken("an entry that can't be read (%s)".formatted(e.getMessage()));
      }
    }

    private SourceTransaction transaction(Chunk last) {
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
      return new SourceTransaction(end, last.at(), changes, last.trace());
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
