package dev.freshet.sync.log;

import dev.freshet.sync.source.ChangeFormat;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SourceTransaction;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.function.Consumer;

/** Cuts a transaction into chunks. */
final class Chunks {

  private Chunks() {}

  /**
   * Hands on the chunks of a transaction, in order.
   *
   * @param after where the one before it ends
   */
  static void of(Place after, SourceTransaction transaction, Consumer<Chunk> chunks) {
    Cutting cutting = new Cutting(after, transaction, chunks);
    try (DataOutputStream out = new DataOutputStream(cutting)) {
      transaction
          .changes()
          .forEachChunk(
              changes -> {
                for (RowChange change : changes) {
                  write(change, out);
                }
              });
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    cutting.finish();
  }

  private static void write(RowChange change, DataOutputStream out) {
    try {
      ChangeFormat.write(change, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Cutting extends OutputStream {

    private final Place after;
    private final SourceTransaction transaction;
    private final Consumer<Chunk> chunks;
    private byte[] content = new byte[1_024];
    private int length;
    private int number;

    Cutting(Place after, SourceTransaction transaction, Consumer<Chunk> chunks) {
      this.after = after;
      this.transaction = transaction;
      this.chunks = chunks;
    }

    @Override
    public void write(int one) {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int count) {
      int from = offset;
      int left = count;
      while (left > 0) {
        if (length == Chunk.MOST_BYTES) {
          cut(false);
        }
        int taken = Math.min(left, Chunk.MOST_BYTES - length);
        makeRoomFor(taken);
        System.arraycopy(bytes, from, content, length, taken);
        length += taken;
        from += taken;
        left -= taken;
      }
    }

    private void makeRoomFor(int more) {
      if (length + more > content.length) {
        int wanted = Math.max(length + more, 2 * content.length);
        content = Arrays.copyOf(content, Math.min(wanted, Chunk.MOST_BYTES));
      }
    }

    void finish() {
      cut(true);
    }

    private void cut(boolean isLast) {
      chunks.accept(
          new Chunk(
              after,
              transaction.end(),
              transaction.committedAt(),
              number,
              isLast,
              isLast ? transaction.changes().size() : 0,
              transaction.trace(),
              new Chunk.Content(content, length)));
      number++;
      content = new byte[1_024];
      length = 0;
    }
  }
}
