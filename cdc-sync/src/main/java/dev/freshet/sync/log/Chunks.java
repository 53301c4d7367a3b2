package dev.freshet.sync.log;

import dev.freshet.sync.source.ChangeFormat;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SourceTransaction;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.function.Consumer;

/** Cuts entries into chunks. */
final class Chunks {

  private static final Chunk.Content NOTHING = new Chunk.Content(new byte[0], 0);

  private Chunks() {}

  /**
   * Hands on the chunks of a transaction, in order.
   *
   * @param after where the one before it ends
   * @param stateAt the offset of the state that holds
   */
  static void of(Place after, long stateAt, SourceTransaction transaction, Consumer<Chunk> chunks) {
    Chunk first =
        new Chunk(
            Chunk.Kind.CHANGES,
            after,
            transaction.end(),
            transaction.committedAt(),
            stateAt,
            0,
            false,
            transaction.changes().size(),
            transaction.trace(),
            NOTHING);
    Cutting cutting = new Cutting(first, chunks);
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

  /**
   * Hands on the chunks of an entry that is none of the source's transactions.
   *
   * @param end the same as {@code after}, unless it is a gap
   * @param content JSON, or nothing
   */
  static void of(
      Chunk.Kind kind,
      Place after,
      Place end,
      Instant at,
      long stateAt,
      String content,
      Consumer<Chunk> chunks) {
    Cutting cutting =
        new Cutting(new Chunk(kind, after, end, at, stateAt, 0, false, 0, null, NOTHING), chunks);
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    cutting.write(bytes, 0, bytes.length);
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

    private final Chunk whole;
    private final Consumer<Chunk> chunks;
    private byte[] content = new byte[1_024];
    private int length;
    private int number;

    /**
     * Begins.
     *
     * @param whole the entry without its content
     */
    Cutting(Chunk whole, Consumer<Chunk> chunks) {
      this.whole = whole;
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
              whole.kind(),
              whole.after(),
              whole.end(),
              whole.at(),
              whole.stateAt(),
              number,
              isLast,
              isLast ? whole.count() : 0,
              whole.trace(),
              new Chunk.Content(content, length)));
      number++;
      content = new byte[1_024];
      length = 0;
    }
  }
}
