package dev.freshet.sync.copy;

import dev.freshet.sync.model.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyOut;

/**
 * Rows, straight into a table, by COPY.
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

  /** Gives rows, each as a line of COPY's text format. */
  @FunctionalInterface
  public interface Origin {

    /** Hands all rows over. */
    void forEach(Consumer<byte[]> rows) throws SQLException;

    /** Some columns of all rows of a table. */
    static Origin of(Connection connection, TableName table, List<String> columns) {
      return of(
          connection,
          "select %s from %s"
              .formatted(
                  columns.stream().map(TableName::quoted).collect(Collectors.joining(", ")),
                  table.quoted()));
    }

    /** The rows of a SELECT on a connection of PostgreSQL's. */
    static Origin of(Connection connection, String query) {
      return rows -> {
        CopyOut out =
            connection
                .unwrap(PGConnection.class)
                .getCopyAPI()
                .copyOut("copy (" + query + ") to stdout");
        try {
          for (byte[] row = out.readFromCopy(); row != null; row = out.readFromCopy()) {
            rows.accept(row);
          }
        } finally {
          if (out.isActive()) {
            out.cancelCopy();
          }
        }
      };
    }
  }

  /**
   * Copies.
   *
   * @param target a table, with its columns in brackets where not all are meant, on {@code to}
   * @return how many rows
   */
  public long run(Origin origin, Connection to, String target) throws SQLException {
    CopyIn in = to.unwrap(PGConnection.class).getCopyAPI().copyIn("copy " + target + " from stdin");
    Writer writer = new Writer(in);
    try {
      origin.forEach(writer);
      writer.end();
      return writer.rows;
    } catch (WriteFailed e) {
      throw e.cause;
    } finally {
      if (in.isActive()) {
        in.cancelCopy();
      }
    }
  }

  /** Gathers rows and writes them. */
  private final class Writer implements Consumer<byte[]> {

    private final CopyIn in;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private final long started = System.nanoTime();
    private long toldAt = started;
    private int filled;
    private long rows;

    Writer(CopyIn in) {
      this.in = in;
    }

    @Override
    public void accept(byte[] row) {
      try {
        write(row);
      } catch (SQLException e) {
        throw new WriteFailed(e);
      }
    }

    private void write(byte[] row) throws SQLException {
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
      if ((rows & 0x3ff) == 0 && System.nanoTime() - toldAt > TELL_EVERY.toNanos()) {
        toldAt = System.nanoTime();
        tell(rows, started, false);
      }
      if (Thread.currentThread().isInterrupted()) {
        throw new SQLException("The copy of " + what + " was interrupted");
      }
    }

    void end() throws SQLException {
      in.writeToCopy(buffer, 0, filled);
      in.endCopy();
      tell(rows, started, true);
    }
  }

  /** Carries a failure of the writing side through the reading side. */
  private static final class WriteFailed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient SQLException cause;

    WriteFailed(SQLException cause) {
      super(cause);
      this.cause = cause;
    }
  }

  private void tell(long rows, long started, boolean done) {
    told.accept(
        new Progress(
            what, rows, expectedRows, Duration.ofNanos(System.nanoTime() - started), done));
  }
}
