package dev.freshet.sync.capture;

import static java.util.Objects.requireNonNull;

import io.debezium.config.Configuration;
import io.debezium.connector.postgresql.PostgresConnector;
import io.debezium.connector.postgresql.PostgresConnectorConfig;
import io.debezium.connector.postgresql.PostgresConnectorTask;
import io.debezium.connector.postgresql.PostgresOffsetContext;
import io.debezium.connector.postgresql.PostgresPartition;
import io.debezium.connector.postgresql.PostgresSchema;
import io.debezium.connector.postgresql.PostgresType;
import io.debezium.connector.postgresql.TypeRegistry;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import io.debezium.pipeline.ChangeEventSourceCoordinator;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/**
 * Debezium's connector for PostgreSQL with two differences.
 *
 * <p>Every column is taken to be {@code text}. pgoutput sends all values in PostgreSQL's own text
 * form, which is exact for every type, and the read database is PostgreSQL too. Debezium's
 * conversions to and from Java would only lose some of it: bounds of arrays, digits of intervals,
 * composite types.
 *
 * <p>Nothing is polled for by time. The stream waits for the server ({@link AwaitedReplication}),
 * and the engine's thread for the stream ({@link Arrivals}): a change passes at once, and an idle
 * system costs next to nothing.
 */
public final class TextConnector extends PostgresConnector {

  /** Debezium's default: how often the server is told what was confirmed. */
  private static final Duration STATUS_UPDATE_INTERVAL = Duration.ofSeconds(10);

  @Override
  public Class<? extends Task> taskClass() {
    return TextTask.class;
  }

  /** The task with these differences. Public, as the engine makes it by reflection. */
  public static final class TextTask extends PostgresConnectorTask {

    private final Arrivals arrivals = new Arrivals();
    private @Nullable Configuration configuration;
    private boolean mayHaveMore;

    @Override
    public ChangeEventSourceCoordinator<PostgresPartition, PostgresOffsetContext> start(
        Configuration config) {
      configuration = config;
      return super.start(config);
    }

    /** Only the engine's one thread polls. */
    @Override
    public List<SourceRecord> doPoll() throws InterruptedException {
      if (!mayHaveMore) {
        arrivals.await(AwaitedReplication.LONGEST_WAIT);
      }
      List<SourceRecord> polled = super.doPoll();
      mayHaveMore = !polled.isEmpty();
      return polled;
    }

    @Override
    protected ReplicationConnection buildReplicationConnection(
        PostgresConnection connection, PostgresSchema schema, PostgresConnectorConfig config)
        throws SQLException {
      String socket = UUID.randomUUID().toString();
      return new AwaitedReplication(plain(connection, schema, onSocket(socket)), socket, arrivals);
    }

    /** Debezium has no other way to say this of the replication connection alone. */
    private PostgresConnectorConfig onSocket(String name) {
      return new PostgresConnectorConfig(
          requireNonNull(configuration)
              .edit()
              .with("driver.socketFactory", AwaitableSocketFactory.class.getName())
              .with("driver.socketFactoryArg", name)
              .build());
    }

    private static ReplicationConnection plain(
        PostgresConnection connection, PostgresSchema schema, PostgresConnectorConfig config) {
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
