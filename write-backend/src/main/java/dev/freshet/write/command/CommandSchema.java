package dev.freshet.write.command;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.freshet.protocol.Problem.Violation;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import tools.jackson.databind.JsonNode;

/** The shape of a command's body: a JSON Schema among the resources, {@code commands/NAME.json}. */
final class CommandSchema {

  private static final SchemaRegistry REGISTRY =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

  private final Schema schema;

  private CommandSchema(Schema schema) {
    this.schema = schema;
  }

  static CommandSchema named(String command) {
    String resource = "/commands/" + command + ".json";
    try (InputStream in =
        Objects.requireNonNull(CommandSchema.class.getResourceAsStream(resource), resource)) {
      return new CommandSchema(REGISTRY.getSchema(in));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every violation, in no particular order; empty when the body has the right shape. */
  List<Violation> violations(JsonNode body) {
    return schema.validate(body).stream().map(CommandSchema::violation).distinct().toList();
  }

  private static Violation violation(Error error) {
    String at = error.getInstanceLocation().toString();
    String property = error.getProperty();
    return switch (error.getKeyword()) {
      case "additionalProperties" ->
          new Violation(child(at, property), "is not a field of this command");
      case "required" -> new Violation(child(at, property), "is required");
      case "false" -> new Violation(at, "does not belong here");
      case "multipleOf" -> new Violation(at, "must have at most two decimal places");
      case null -> new Violation(at, error.getMessage());
      default -> new Violation(at, error.getMessage().replaceFirst("^" + at + ": ", ""));
    };
  }

  private static String child(String pointer, String property) {
    return pointer + "/" + property.replace("~", "~0").replace("/", "~1");
  }
}
