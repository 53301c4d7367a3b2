package dev.freshet.spring;

import dev.freshet.postgres.PrimaryPosition;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.TraceMessage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.transaction.TransactionExecution;
import org.springframework.transaction.TransactionExecutionListener;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Tells PostgreSQL, at a transaction's beginning, until when somebody waits for it and which trace
 * it is part of; and asks it at the end, on the same connection, where its log is. Another
 * connection may not be free: JPA keeps the request's until the answer is written.
 */
final class Transactions implements TransactionExecutionListener {

  private static final Logger log = LoggerFactory.getLogger(Transactions.class);

  /** A {@code traceparent} whose trace is recorded. */
  private static final Pattern SAMPLED =
      Pattern.compile("00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f][13579bdf]");

  /** A shorter one that is set already stays. */
  private static final String TIMEOUT =
      """
      select set_config('statement_timeout', least(?::bigint,
        nullif(extract(epoch from current_setting('statement_timeout')::interval) * 1000, 0)::bigint)::text, true)""";

  private final DataSource dataSource;

  Transactions(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  @Override
  public void afterBegin(TransactionExecution transaction, @Nullable Throwable failure) {
    if (failure == null) {
      withConnection(
          (request, connection) -> {
            OptionalLong left = request.millisLeft();
            if (left.isPresent()) {
              run(connection, TIMEOUT, Long.toString(left.getAsLong()));
            }
            String trace = request.traceParent();
            if (trace != null && !transaction.isReadOnly() && SAMPLED.matcher(trace).matches()) {
              run(connection, TraceMessage.SQL, trace);
            }
          });
    }
  }

  @Override
  public void afterCommit(TransactionExecution transaction, @Nullable Throwable failure) {
    ended(failure);
  }

  /** What was done before under the same key is rolled back here, and answered all the same. */
  @Override
  public void afterRollback(TransactionExecution transaction, @Nullable Throwable failure) {
    ended(failure);
  }

  private void ended(@Nullable Throwable failure) {
    if (failure == null) {
      withConnection(
          (request, connection) -> {
            Position now = PrimaryPosition.ask(connection);
            request
                .reached()
                .accumulateAndGet(now, (one, other) -> one == null ? other : one.max(other));
          });
    }
  }

  private interface Saying {
    void say(CurrentRequest request, Connection connection) throws SQLException;
  }

  private void withConnection(Saying saying) {
    CurrentRequest request = CurrentRequest.get().orElse(null);
    if (request == null || !TransactionSynchronizationManager.hasResource(dataSource)) {
      return;
    }
    Connection connection = DataSourceUtils.getConnection(dataSource);
    try {
      saying.say(request, connection);
    } catch (SQLException e) {
      // At the beginning: what comes next fails, too, and tells the client. At the end: the
      // position is asked for once more, with the answer.
      log.debug("A transaction and its request could not be told of each other", e);
    } finally {
      DataSourceUtils.releaseConnection(connection, dataSource);
    }
  }

  private static void run(Connection connection, String sql, String value) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, value);
      statement.execute();
    }
  }
}
