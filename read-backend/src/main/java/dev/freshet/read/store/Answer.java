package dev.freshet.read.store;

import dev.freshet.protocol.Position;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/** What a store answered. */
@SuppressWarnings("ArrayRecordComponent") // bodies are passed on once, never compared
public sealed interface Answer {

  /** At or past everything that the answer says; empty when the store is not to be read now. */
  Optional<Position> position();

  /** It is not to be read now. */
  record NotNow() implements Answer {
    @Override
    public Optional<Position> position() {
      return Optional.empty();
    }
  }

  /**
   * Many rows.
   *
   * @param body in the form that was asked for
   * @param rows how many they are
   * @param total how many the filters let through; null where that is not known
   * @param page where the pages beside this one begin
   */
  record Rows(Optional<Position> position, Body body, long rows, @Nullable Long total, Page page)
      implements Answer {}

  /** Text of many rows, UTF-8. */
  sealed interface Body {

    /** Gives back what it holds, where nobody will read it. */
    default void discard() {}

    /** All of it. */
    record Whole(byte[] bytes) implements Body {}

    /**
     * Read while it is written.
     *
     * @param bytes to be subscribed to once; holds what it needs of the store until it ends
     * @param unused gives that back where nobody will subscribe
     */
    record Streamed(Flux<byte[]> bytes, Runnable unused) implements Body {
      @Override
      public void discard() {
        unused.run();
      }
    }
  }

  /**
   * One row.
   *
   * @param body in the form that was asked for, UTF-8; null when there is no such row
   * @param version the row's version; null where the model has none
   */
  record Row(Optional<Position> position, byte @Nullable [] body, @Nullable String version)
      implements Answer {}

  /**
   * What the rows at the ends of a page are sorted by, in PostgreSQL's text form; empty for null.
   *
   * @param first of the row before which another page ends; null where there is none
   * @param last of the row after which another page begins; null where there is none
   * @param nextOffset how many rows are before the next page, where no values say where it begins;
   *     null where they do, or there is none
   */
  record Page(
      @Nullable List<Optional<String>> first,
      @Nullable List<Optional<String>> last,
      @Nullable Long nextOffset) {

    /** The only one, as far as is known. */
    public static final Page ONLY = new Page(null, null, null);

    /** One with neighbours that values lead to. */
    public Page(@Nullable List<Optional<String>> first, @Nullable List<Optional<String>> last) {
      this(first, last, null);
    }
  }
}
