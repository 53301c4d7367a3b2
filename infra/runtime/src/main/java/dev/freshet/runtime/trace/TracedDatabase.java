package dev.freshet.runtime.trace;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.instrumentation.jdbc.datasource.JdbcTelemetry;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/**
 * A database whose statements have spans. The instrumentation keeps the name of the first server
 * that it sees; where the primary has moved it is begun again.
 */
final class TracedDatabase extends DelegatingDataSource {

  private final JdbcTelemetry telemetry;
  private final DataSource database;
  private volatile @Nullable String server;

  TracedDatabase(OpenTelemetry openTelemetry, DataSource database) {
    this.telemetry =
        JdbcTelemetry.builder(openTelemetry)
            .setDataSourceInstrumenterEnabled(true)
            .setTransactionInstrumenterEnabled(true)
            .build();
    this.database = database;
    setTargetDataSource(telemetry.wrap(database));
  }

  @Override
  public Connection getConnection() throws SQLException {
    Connection connection = super.getConnection();
    String now = connection.getMetaData().getURL();
    String before = server;
    if (!now.equals(before)) {
      server = now;
      if (before != null) {
        setTargetDataSource(telemetry.wrap(database));
      }
    }
    return connection;
  }
}
