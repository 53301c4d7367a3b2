package dev.freshet.sync.source;

import java.util.List;

/** The rows of a source's tables as they are at one place, while it is open. */
public interface Seed extends AutoCloseable {

  /** All transactions that ended at or before this place are in the rows, and no other. */
  Place at();

  /**
   * Hands over the rows of a table.
   *
   * @param columns which, in this order
   * @param rows takes each
   * @throws RuntimeException what {@code rows} throws, and what the source fails with
   */
  void read(SourceTable table, List<String> columns, Rows rows);

  /** Takes rows. */
  @FunctionalInterface
  interface Rows {

    /**
     * Takes a row.
     *
     * @param line in the text format of PostgreSQL's COPY, with its line break: columns apart by
     *     tabs, {@code \N} for null, in UTF-8
     */
    void row(byte[] line);
  }

  @Override
  void close();
}
