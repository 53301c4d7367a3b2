package dev.freshet.local.cli;

import dev.freshet.local.system.StartFailed;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import picocli.CommandLine.Option;

/** How a command talks to a broker. */
final class BrokerClient {

  @Option(
      names = "--broker-properties",
      paramLabel = "FILE",
      description = {
        "Properties of Kafka's clients, as its own tools take them: for TLS and SASL.",
        "freshet.yaml may hold them under freshet.broker.properties."
      })
  private String properties = "";

  /** The properties, wherever they are kept. */
  Map<String, String> properties() {
    Properties read = new Properties();
    // Of freshet.yaml they come as text, which may hold passwords.
    boolean isText = properties.isEmpty() || properties.startsWith(Settings.AS_TEXT);
    try {
      read.load(new StringReader(isText ? properties : Files.readString(Path.of(properties))));
    } catch (IOException | IllegalArgumentException e) {
      String why =
          "The properties of Kafka's clients can't be read from %s (%s). Name a file with --broker-properties."
              .formatted(isText ? "freshet.yaml" : properties, e.getClass().getSimpleName());
      throw isText ? new StartFailed(why) : new StartFailed(why, e);
    }
    Map<String, String> all = new HashMap<>();
    read.forEach((name, value) -> all.put(name.toString(), value.toString()));
    return all;
  }

  /** The same as settings of a part. */
  Map<String, String> settings() {
    Map<String, String> settings = new HashMap<>();
    properties().forEach((name, value) -> settings.put("freshet.broker.properties." + name, value));
    return settings;
  }
}
