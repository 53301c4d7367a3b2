package dev.freshet.read;

import org.jspecify.annotations.Nullable;

/**
 * The rows of an answer and their place among all that there are, as PostgREST tells it in {@code
 * Content-Range}.
 *
 * @param offset how many rows were passed over
 * @param rows how many the answer has
 * @param total how many there are; null when that is not known
 * @param isCounted whether the client asked for the total, which may be more than it gets
 */
record ContentRange(long offset, long rows, @Nullable Long total, boolean isCounted) {

  /** Whether the answer would begin behind the last row, by as much as a count can tell. */
  boolean isBeyond() {
    return isCounted && total != null && offset > total;
  }

  /** 206 when the client counted and didn't get all. */
  int status() {
    return isCounted && total != null && rows < total ? 206 : 200;
  }

  /** {@code first-last/total}, with {@code *} for what there is not, or is not known. */
  @Override
  public String toString() {
    String all = total == null ? "*" : total.toString();
    return rows == 0 || isBeyond()
        ? "*/" + all
        : "%d-%d/%s".formatted(offset, offset + rows - 1, all);
  }
}
