package dev.freshet.spring;

import dev.freshet.postgres.PrimaryPosition;
import dev.freshet.protocol.Position;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/** Says where the primary's log is, once a request's transactions have ended. */
final class Positions {

  private static final Logger log = LoggerFactory.getLogger(Positions.class);

  private final DataSource dataSource;

  Positions(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /**
   * Where it was after a request's last transaction, or is now if there was none. Empty when nobody
   * can tell: the gateway then holds the answer to a write back, as it can't promise that the
   * client will see it.
   */
  Optional<Position> after(CurrentRequest request) {
    Position reached = request.reached().get();
    return reached == null || TransactionSynchronizationManager.isActualTransactionActive()
        ? ask()
        : Optional.of(reached);
  }

  /** Asks now. */
  Optional<Position> ask() {
    if (TransactionSynchronizationManager.isActualTransactionActive()) {
      log.warn(
          "The answer begins within a transaction, whose position is not known yet. Return what is to be answered, and have it written after the commit.");
      return Optional.empty();
    }
    try (Connection connection = dataSource.getConnection()) {
      return Optional.of(PrimaryPosition.ask(connection));
    } catch (SQLException e) {
      log.warn("The position can't be told: {}", e.getMessage());
      return Optional.empty();
    }
  }
}
