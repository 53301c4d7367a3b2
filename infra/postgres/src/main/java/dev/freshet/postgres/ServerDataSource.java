package dev.freshet.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;

/** Connects to one server, and says which one when that fails. */
final class ServerDataSource extends PooledDataSource {

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
}
