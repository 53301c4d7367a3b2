package dev.freshet.sync.capture;

import io.debezium.connector.postgresql.PostgresConnector;
import io.debezium.connector.postgresql.PostgresConnectorConfig;
import io.debezium.connector.postgresql.PostgresConnectorTask;
import io.debezium.connector.postgresql.PostgresSchema;
import io.debezium.connector.postgresql.PostgresType;
import io.debezium.connector.postgresql.TypeRegistry;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import java.sql.SQLException;
import java.time.Duration;
import org.apache.kafka.connect.connector.Task;

/**
 * Debezium's connector for PostgreSQL with one difference: every column is taken to be {@code
 * text}.
 *
 * <p>pgoutput sends all values in PostgreSQL's own text form, which is exact for every type, and
 * the read database is PostgreSQL too. Debezium's conversions to and from Java would only lose some
 * of it: bounds of arrays, digits of intervals, composite types.
 */
public final class TextConnector extends PostgresConnector {

  /** Debezium's default: how often the server is told what was confirmed. */
  private static final Duration STATUS_UPDATE_INTERVAL = Duration.ofSeconds(10);

  @Override
  public Class<? extends Task> taskClass() {
    return TextTask.class;
  }

  /** The task whose decoder sees text alone. Public, as the engine makes it by reflection. */
  public static final class TextTask extends PostgresConnectorTask {

    @Override
    protected ReplicationConnection buildReplicationConnection(
        PostgresConnection connection, PostgresSchema schema, PostgresConnectorConfig config)
        throws SQLException {
      return ReplicationConnection.builder(config)
          .withSlot(config.slotName())
          .withPublication(config.publicationName())
          .withTableFilter(config.getTableFilters())
          .withPublicationAutocreateMode(PostgresConnectorConfig.AutoCreateMode.DISABLED)
          .withPlugin(config.plugin())
          .dropSlotOnClose(false)
          .statusUpdateInterval(STATUS_UPDATE_INTERVAL)
          .withTypeRegistry(new TextTypes(connection))
          .withSchema(schema)
          .jdbcMetadataConnection(connection)
          .build();
    }
  }

  /** Knows every type as text. */
  private static final class TextTypes extends TypeRegistry {

    private static final String TEXT = "text";

    TextTypes(PostgresConnection connection) {
      super(connection);
    }

    @Override
    public PostgresType get(int oid) {
      return super.get(TEXT);
    }

    @Override
    public PostgresType get(String schemaName, String typeName) {
      return super.get(TEXT);
    }
  }
}
