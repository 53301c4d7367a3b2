package dev.freshet.runtime;

import dev.freshet.protocol.PostgresUrl;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import org.springframework.jdbc.datasource.AbstractDataSource;

/** Connects to one server, and says which one when that fails. */
final class ServerDataSource extends AbstractDataSource {

  private final PostgresUrl url;
  private final Properties properties;

  ServerDataSource(PostgresUrl url, Properties properties) {
    this.url = url;
    this.properties = properties;
  }

  @Override
  public Connection getConnection() throws SQLException {
    return url.connect(properties);
  }

  /** HikariCP waits this long on close for a connection attempt that is under way. */
  @Override
  public int getLoginTimeout() {
    return ConnectionPool.CLOSED_WITHIN_SECONDS;
  }

  @Override
  public Connection getConnection(String user, String password) {
    throw new UnsupportedOperationException("The role is the URL's");
  }
}
