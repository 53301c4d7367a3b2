package dev.freshet.sync.source;

import dev.freshet.sync.model.TableName;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Changes in order: in memory as long as they are few, and beyond {@link #MOST_IN_MEMORY} or {@link
 * #MOST_CHARS_IN_MEMORY} in a file that is deleted when they are closed.
 */
public final class Changes implements AutoCloseable {

  /** Also what is handed on at once. */
  public static final int MOST_IN_MEMORY = 20_000;

  private static final long MOST_CHARS_IN_MEMORY = 16L << 20;

  private List<RowChange> inMemory = new ArrayList<>();
  private long charsInMemory;
  private final Map<Kind, Long> counts = new HashMap<>();
  private long size;
  private @Nullable SpillFile spill;

  /**
   * Appends a change. One that gives a row another key stays with its predecessor, which takes the
   * old one away: values that were not sent are found under the old key.
   */
  public void add(RowChange change) {
    boolean full = inMemory.size() >= MOST_IN_MEMORY || charsInMemory >= MOST_CHARS_IN_MEMORY;
    if (full && !change.continues()) {
      spill();
    }
    inMemory.add(change);
    charsInMemory += change.chars();
    size++;
    counts.merge(new Kind(change.table(), change.operation()), 1L, Long::sum);
  }

  /**
   * What is counted apart.
   *
   * @param operation as {@link RowChange#operation} has it
   */
  public record Kind(TableName table, String operation) {}

  /** How many there are of each kind. */
  public Map<Kind, Long> counts() {
    return Collections.unmodifiableMap(counts);
  }

  public long size() {
    return size;
  }

  /** Whether they are more than memory is to hold. */
  public boolean isLarge() {
    return spill != null;
  }

  public boolean isEmpty() {
    return size == 0;
  }

  private void spill() {
    try {
      SpillFile to = spill;
      if (to == null) {
        to = new SpillFile();
        spill = to;
      }
      to.out().writeInt(inMemory.size());
      for (RowChange change : inMemory) {
        ChangeFormat.write(change, to.out());
      }
    } catch (IOException e) {
      throw SpillFile.notWritten(e);
    }
    inMemory = new ArrayList<>();
    charsInMemory = 0;
  }

  /** Hands all changes on, in order, in lists of {@link #MOST_IN_MEMORY} or hardly more. */
  public void forEachChunk(Consumer<List<RowChange>> chunks) {
    if (spill != null) {
      try (DataInputStream in = spill.open()) {
        long left = size - inMemory.size();
        while (left > 0) {
          int count = in.readInt();
          List<RowChange> chunk = new ArrayList<>(count);
          for (int i = 0; i < count; i++) {
            chunk.add(ChangeFormat.read(in));
          }
          chunks.accept(chunk);
          left -= count;
        }
      } catch (IOException e) {
        throw new UncheckedIOException("Spilled changes can't be read again", e);
      }
    }
    if (!inMemory.isEmpty()) {
      chunks.accept(inMemory);
    }
  }

  @Override
  public void close() {
    inMemory = new ArrayList<>();
    if (spill != null) {
      spill.close();
    }
  }
}
