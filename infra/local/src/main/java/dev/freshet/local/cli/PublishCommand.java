package dev.freshet.local.cli;

import dev.freshet.local.system.PartKind;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.runtime.OperatorGate;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A publisher alone. */
@Command(
    name = "publish",
    description = "Publishes a primary's transactions to a log on Kafka, until Ctrl-C.")
final class PublishCommand implements Callable<Integer> {

  @Mixin private PartMixin part = new PartMixin();

  @Mixin private PasswordFile password = new PasswordFile();

  @Option(
      names = "--primary",
      paramLabel = "URL",
      required = true,
      description = "The source, PostgreSQL 14 or later with wal_level=logical.")
  private String primary = "";

  @Option(
      names = "--broker",
      paramLabel = "HOST:PORT",
      required = true,
      description = "The broker, or several, separated by commas; Kafka 3.9 or later.")
  private String broker = "";

  @Option(names = "--name", description = "The log's name (default: the database's).")
  private @Nullable String name;

  @Mixin private TopicOptions topics = new TopicOptions();

  @Option(
      names = "--models",
      paramLabel = "DIR",
      description = "Folder with models to install as views in schema read of the source.")
  private @Nullable Path models;

  @Option(names = "--port", description = "Default: ${DEFAULT-VALUE}.", defaultValue = "8105")
  private int port;

  @Mixin private BrokerClient client = new BrokerClient();

  @Mixin private OperatorToken operatorToken = new OperatorToken();

  @Override
  public Integer call() {
    OperatorGate.check(
        PartMixin.address(part.listen(), "--listen").getHostAddress(), operatorToken.text());
    String url = password.withPassword(primary);
    Map<String, String> settings = new HashMap<>(client.settings());
    settings.put("freshet.publish.primary", url);
    settings.put("freshet.publish.broker", broker);
    settings.put("freshet.publish.name", name != null ? name : PostgresUrl.parse(url).database());
    settings.put("freshet.publish.topics", String.join(",", topics.topics()));
    String outbox = topics.outbox();
    if (outbox != null) {
      settings.put("freshet.publish.outbox", outbox);
    }
    if (models != null) {
      settings.put("freshet.publish.models", models.toAbsolutePath().toString());
    }
    settings.put("freshet.operator-token", operatorToken.text());
    part.run(PartKind.PUBLISH, port, settings);
    return 0;
  }
}
