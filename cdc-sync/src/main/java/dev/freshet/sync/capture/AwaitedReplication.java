package dev.freshet.sync.capture;

import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import io.debezium.connector.postgresql.connection.ReplicationMessage.Operation;
import io.debezium.connector.postgresql.connection.ReplicationStream;
import io.debezium.connector.postgresql.connection.WalPositionLocator;
import io.debezium.connector.postgresql.spi.SlotCreationResult;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;

/**
 * Debezium's replication connection with one difference: its streams wait until the server sends
 * something. Debezium's own asks, sleeps for its poll interval, and asks again.
 */
@SuppressWarnings("try") // Debezium's own close() throws Exception
final class AwaitedReplication implements ReplicationConnection {

  /** Then the engine looks whether it was told to stop. */
  static final Duration LONGEST_WAIT = Duration.ofMillis(500);

  private final ReplicationConnection connection;
  private final String name;
  private final Arrivals arrivals;

  /**
   * Wraps a connection whose socket was made by {@link AwaitableSocketFactory}.
   *
   * @param name of the socket there
   * @param arrivals is told what the stream delivers
   */
  AwaitedReplication(ReplicationConnection connection, String name, Arrivals arrivals) {
    this.connection = connection;
    this.name = name;
    this.arrivals = arrivals;
  }

  @Override
  public ReplicationStream startStreaming(WalPositionLocator walPosition)
      throws SQLException, InterruptedException {
    return awaited(connection.startStreaming(walPosition));
  }

  @Override
  public ReplicationStream startStreaming(Lsn offset, WalPositionLocator walPosition)
      throws SQLException, InterruptedException {
    return awaited(connection.startStreaming(offset, walPosition));
  }

  private ReplicationStream awaited(ReplicationStream stream) {
    AwaitableSocket socket =
        AwaitableSocketFactory.open(name)
            .orElseThrow(() -> new IllegalStateException("The replication connection is closed."));
    return new Stream(stream, socket, arrivals);
  }

  @Override
  public Optional<SlotCreationResult> createReplicationSlot() throws SQLException {
    return connection.createReplicationSlot();
  }

  @Override
  public void initConnection() throws SQLException, InterruptedException {
    connection.initConnection();
  }

  @Override
  public boolean isConnected() throws SQLException {
    return connection.isConnected();
  }

  @Override
  public void reconnect() throws SQLException {
    connection.reconnect();
  }

  @Override
  public void close() throws Exception {
    AwaitableSocketFactory.forget(name);
    connection.close();
  }

  /** A stream whose {@link #readPending} waits for a while when nothing is pending. */
  @SuppressWarnings("try")
  private record Stream(ReplicationStream stream, AwaitableSocket socket, Arrivals arrivals)
      implements ReplicationStream {

    @Override
    public boolean readPending(ReplicationMessageProcessor processor)
        throws SQLException, InterruptedException {
      try {
        ReplicationMessageProcessor told =
            message -> {
              processor.process(message);
              arrivals.add(message.getOperation() == Operation.COMMIT);
            };
        return stream.readPending(told)
            || (socket.awaitInput(LONGEST_WAIT) && stream.readPending(told));
      } catch (IOException e) {
        arrivals.end();
        throw new PSQLException(
            "The replication connection broke: " + e.getMessage(), PSQLState.CONNECTION_FAILURE, e);
      } catch (SQLException | RuntimeException e) {
        arrivals.end();
        throw e;
      }
    }

    @Override
    public void read(ReplicationMessageProcessor processor)
        throws SQLException, InterruptedException {
      stream.read(processor);
    }

    @Override
    public void flushLsn(Lsn lsn) throws SQLException {
      stream.flushLsn(lsn);
    }

    @Override
    public @Nullable Lsn lastReceivedLsn() {
      return stream.lastReceivedLsn();
    }

    @Override
    public Lsn startLsn() {
      return stream.startLsn();
    }

    @Override
    public void startKeepAlive(ExecutorService service) {
      stream.startKeepAlive(service);
    }

    @Override
    public void stopKeepAlive() {
      stream.stopKeepAlive();
    }

    @Override
    public void close() throws Exception {
      stream.close();
    }
  }
}
