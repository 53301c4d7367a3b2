package dev.freshet.local.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Options that the command line leaves out: from the environment, else from {@code freshet.yaml}.
 *
 * <p>Option {@code --read-database} of {@code sync} is {@code FRESHET_SYNC_READ_DATABASE}, or
 * {@code FRESHET_READ_DATABASE} for every command that has it, and {@code
 * freshet.sync.read-database}. Options of {@code events list} may stand under {@code
 * freshet.events}.
 */
public final class Settings implements IDefaultValueProvider {

  /** What the properties of a broker begin with that the file holds: a comment among properties. */
  static final String AS_TEXT = "# freshet.yaml\n";

  private final Function<String, @Nullable String> environment;
  private final JsonNode file;

  private Settings(Function<String, @Nullable String> environment, JsonNode file) {
    this.environment = environment;
    this.file = file;
  }

  /**
   * Reads {@code freshet.yaml} of a configuration folder, where there is one.
   *
   * @throws IllegalArgumentException when it can't be read
   */
  public static Settings of(Path config, Function<String, @Nullable String> environment) {
    Path file = config.resolve("freshet.yaml");
    YAMLMapper yaml = new YAMLMapper();
    if (!Files.exists(file)) {
      return new Settings(environment, yaml.createObjectNode());
    }
    try {
      JsonNode root = yaml.readTree(Files.readString(file));
      return new Settings(environment, root == null ? yaml.createObjectNode() : root);
    } catch (IOException | JacksonException e) {
      throw new IllegalArgumentException(
          "%s can't be read: %s"
              .formatted(file, String.valueOf(e.getMessage()).lines().findFirst().orElse("")),
          e);
    }
  }

  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option) || !option.longestName().startsWith("--")) {
      return null;
    }
    String name = option.longestName().substring(2);
    String command = option.command().name();
    String value = environment.apply(variable(command + "-" + name));
    if (value == null) {
      value = environment.apply(variable(name));
    }
    if (value == null) {
      value = setting(command, name);
    }
    if (value == null && name.equals("broker-properties")) {
      value = brokerProperties();
    }
    CommandSpec parent = option.command().parent();
    return value == null && parent != null ? setting(parent.name(), name) : value;
  }

  /** A line each, as in a file of properties; null when there is none. */
  private @Nullable String brokerProperties() {
    JsonNode properties = file.path("freshet").path("broker").path("properties");
    return properties.isEmpty()
        ? null
        : properties.properties().stream()
            .map(
                property ->
                    property.getKey()
                        + "="
                        + property.getValue().asString().replace("\\", "\\\\").replace("\n", " "))
            .collect(Collectors.joining("\n", AS_TEXT, ""));
  }

  private static String variable(String name) {
    return "FRESHET_" + name.replace('-', '_').toUpperCase(Locale.ROOT);
  }

  /** The same for a number; what is no number is left to the command to refuse. */
  int count(String command, String name, int usual) {
    String written = setting(command, name);
    return written == null || !written.matches("\\d{1,4}") ? usual : Integer.parseInt(written);
  }

  /** {@code freshet.COMMAND.NAME} of the file; null where it is not said. */
  @Nullable String setting(String command, String name) {
    JsonNode value = file.path("freshet").path(command).path(name);
    return value.isValueNode() && !value.isNull() ? value.asString() : null;
  }
}
