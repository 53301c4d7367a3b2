package dev.freshet.sync.copy;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.Consumer;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyOut;

/**
 * Rows of a query, straight into a table, by COPY on both sides.
 *
 * <p>They travel in PostgreSQL's text form, which is exact for every type when both connections
 * have the pinned session settings.
 */
public final class RowPipe {

  private static final Duration TELL_EVERY = Duration.ofSeconds(1);
  private static final int BUFFER_BYTES = 1 << 16;

  private final String what;
  private final long expectedRows;
  private final Consumer<Progress> told;

  /**
   * Prepares a copy.
   *
   * @param what is copied, for people
   * @param expectedRows by statistics; 0 when unknown
   * @param told takes its progress, once a second and at the end
   */
  public RowPipe(String what, long expectedRows, Consumer<Progress> told) {
    this.what = what;
    this.expectedRows = expectedRows;
    this.told = told;
  }

  /**
   * Copies.
   *
   * @param query a SELECT, on {@code from}
   * @param target a table, with its columns in brackets where not all are meant, on {@code to}
   * @return how many rows
   */
  public long run(Connection from, String query, Connection to, String target) throws SQLException {
    long started = System.nanoTime();
    long told = started;
    long rows = 0;
    CopyOut out =
        from.unwrap(PGConnection.class).getCopyAPI().copyOut("copy (" + query + ") to stdout");
    CopyIn in = to.unwrap(PGConnection.class).getCopyAPI().copyIn("copy " + target + " from stdin");
    try {
      byte[] buffer = new byte[BUFFER_BYTES];
      int filled = 0;
      for (byte[] row = out.readFromCopy(); row != null; row = out.readFromCopy()) {
        if (filled + row.length > buffer.length && filled > 0) {
          in.writeToCopy(buffer, 0, filled);
          filled = 0;
        }
        if (row.length > buffer.length) {
          in.writeToCopy(row, 0, row.length);
        } else {
          System.arraycopy(row, 0, buffer, filled, row.length);
          filled += row.length;
        }
        rows++;
        if ((rows & 0x3ff) == 0 && System.nanoTime() - told > TELL_EVERY.toNanos()) {
          told = System.nanoTime();
          tell(rows, started, false);
        }
        if (Thread.currentThread().isInterrupted()) {
          throw new SQLException("The copy of " + what + " was interrupted");
        }
      }
      in.writeToCopy(buffer, 0, filled);
      in.endCopy();
      tell(rows, started, true);
      return rows;
    } finally {
      if (in.isActive()) {
        in.cancelCopy();
      }
      if (out.isActive()) {
        out.cancelCopy();
      }
    }
  }

  private void tell(long rows, long started, boolean done) {
    told.accept(
        new Progress(
            what, rows, expectedRows, Duration.ofNanos(System.nanoTime() - started), done));
  }
}
