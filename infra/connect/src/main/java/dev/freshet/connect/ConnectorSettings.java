package dev.freshet.connect;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.runtime.OperatorGate;
import dev.freshet.sync.log.LogAddress;
import dev.freshet.sync.model.TableName;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.types.Password;

/** The settings of a connector, and of each of its tasks. */
final class ConnectorSettings {

  static final String OPERATOR_TOKEN = "operator.token";

  private static final String PRIMARY = "primary";
  private static final String LOG = "log";
  private static final String TOPICS = "topics";
  private static final String OUTBOX = "outbox";
  private static final String MODELS = "models";
  private static final String LISTEN = "listen";
  private static final String PORT = "port";
  private static final String OPERATOR_HOSTS = "operator.hosts";

  /** Before the names of Kafka's own client properties. */
  private static final String CLIENT = "broker.properties.";

  private static final int DEFAULT_PORT = 8105;
  private static final int LAST_PORT = 65_535;

  static final ConfigDef DEFINITION =
      new ConfigDef()
          .define(
              PRIMARY,
              ConfigDef.Type.PASSWORD,
              ConfigDef.NO_DEFAULT_VALUE,
              ConfigDef.LambdaValidator.with(
                  (name, value) -> {
                    if (value instanceof Password url) {
                      checkUrl(name, url);
                    }
                  },
                  () -> ""),
              Importance.HIGH,
              "The source, PostgreSQL 14 or later with wal_level=logical: postgresql://USER:PASSWORD@HOST:PORT/DATABASE.")
          .define(
              LOG,
              ConfigDef.Type.STRING,
              ConfigDef.NO_DEFAULT_VALUE,
              checked(LogAddress::parse),
              Importance.HIGH,
              "Where the log is: kafka://HOST:PORT[,HOST:PORT…]/NAME. The tasks connect to these brokers by themselves.")
          .define(
              TOPICS,
              ConfigDef.Type.LIST,
              List.of(),
              ConfigDef.LambdaValidator.with(
                  (name, value) -> {
                    if (value instanceof List<?> tables) {
                      tables.forEach(table -> check(name, table, TableName::parse));
                    }
                  },
                  () -> "names of tables, such as public.orders"),
              Importance.MEDIUM,
              "Tables that get a topic each for other teams, such as public.orders.")
          .define(
              OUTBOX,
              ConfigDef.Type.STRING,
              null,
              checked(TableName::parse),
              Importance.MEDIUM,
              "A table of messages for other teams, by topic, such as public.outbox.")
          .define(
              MODELS,
              ConfigDef.Type.STRING,
              null,
              Importance.MEDIUM,
              "Folder with models to install as views in schema read of the source; the same on each worker.")
          .define(
              LISTEN,
              ConfigDef.Type.STRING,
              "127.0.0.1",
              checked(InetAddress::ofLiteral),
              Importance.LOW,
              "Address where the tasks tell operators, and the gateway, how they are: loopback, or 0.0.0.0 where the gateway is elsewhere.")
          .define(
              PORT,
              ConfigDef.Type.INT,
              DEFAULT_PORT,
              ConfigDef.Range.between(1, LAST_PORT),
              Importance.LOW,
              "Port of the first task; each further one has the next.")
          .define(
              OPERATOR_TOKEN,
              ConfigDef.Type.PASSWORD,
              "",
              Importance.LOW,
              "What operators send as Authorization: Bearer TOKEN; needed beyond loopback.")
          .define(
              OPERATOR_HOSTS,
              ConfigDef.Type.LIST,
              List.of(),
              Importance.LOW,
              "More names by which operators ask, as they stand in Host.");

  private final AbstractConfig values;

  /**
   * Reads them.
   *
   * @throws ConfigException when one is missing, or can't be
   */
  ConnectorSettings(Map<String, String> settings) {
    // Values are not logged: some are secrets.
    this.values = new AbstractConfig(DEFINITION, settings, false);
  }

  /** The message leaves the URL out: it holds a password. */
  private static void checkUrl(String name, Password url) {
    try {
      PostgresUrl.parse(url.value());
    } catch (IllegalArgumentException e) {
      throw new ConfigException(
          "%s is no URL of a database. Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
              .formatted(name));
    }
  }

  private static ConfigDef.Validator checked(Consumer<String> parser) {
    return ConfigDef.LambdaValidator.with(
        (name, value) -> {
          if (value != null) {
            check(name, value, parser);
          }
        },
        () -> "");
  }

  private static void check(String name, Object value, Consumer<String> parser) {
    try {
      parser.accept(String.valueOf(value));
    } catch (IllegalArgumentException e) {
      throw new ConfigException(name, value, e.getMessage());
    }
  }

  /** Why operators must not be answered with these settings. */
  Optional<String> unsafe() {
    try {
      OperatorGate.check(values.getString(LISTEN), values.getPassword(OPERATOR_TOKEN).value());
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.of(
          "Beyond loopback the tasks answer only those who send an %s of at least %d characters; make one with: openssl rand -base64 24"
              .formatted(OPERATOR_TOKEN, OperatorGate.SHORTEST_TOKEN));
    }
  }

  /** The settings of one task, counted from 0: they differ in the port. */
  Map<String, String> ofTask(int number) {
    int port = values.getInt(PORT) + number;
    if (port > LAST_PORT) {
      throw new ConfigException(PORT, port, "Each task has the next port: take a lower one.");
    }
    Map<String, String> settings = new HashMap<>(values.originalsStrings());
    settings.put(PORT, Integer.toString(port));
    return settings;
  }

  /** The same, as the publisher's own settings. */
  Map<String, Object> ofPublisher() {
    LogAddress log = LogAddress.parse(values.getString(LOG));
    Map<String, Object> settings = new HashMap<>();
    settings.put("freshet.publish.primary", values.getPassword(PRIMARY).value());
    settings.put("freshet.publish.broker", log.servers());
    settings.put("freshet.publish.name", log.log());
    settings.put("freshet.publish.topics", String.join(",", values.getList(TOPICS)));
    if (values.getString(OUTBOX) != null) {
      settings.put("freshet.publish.outbox", values.getString(OUTBOX));
    }
    if (values.getString(MODELS) != null) {
      settings.put("freshet.publish.models", values.getString(MODELS));
    }
    // A worker gives a task 5 s to stop.
    settings.put("server.shutdown", "immediate");
    settings.put("server.address", values.getString(LISTEN));
    settings.put("server.port", values.getInt(PORT));
    settings.put("freshet.operator-token", values.getPassword(OPERATOR_TOKEN).value());
    settings.put("freshet.operator-hosts", String.join(",", values.getList(OPERATOR_HOSTS)));
    values
        .originalsWithPrefix(CLIENT)
        .forEach((name, value) -> settings.put("freshet.broker.properties." + name, value));
    return settings;
  }
}
