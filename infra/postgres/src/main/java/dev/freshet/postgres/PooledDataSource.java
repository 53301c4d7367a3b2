package dev.freshet.postgres;

import java.sql.Connection;
import org.springframework.jdbc.datasource.AbstractDataSource;

/** Where a pool has its connections from: always as the role of the URL. */
abstract class PooledDataSource extends AbstractDataSource {

  /** HikariCP waits this long on close for a connection attempt that is under way. */
  @Override
  public int getLoginTimeout() {
    return ConnectionPool.CLOSED_WITHIN_SECONDS;
  }

  @Override
  public final Connection getConnection(String user, String password) {
    throw new UnsupportedOperationException("The role is the URL's");
  }
}
