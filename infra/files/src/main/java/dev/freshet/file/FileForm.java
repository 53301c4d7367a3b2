package dev.freshet.file;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import com.networknt.schema.path.NodePath;
import dev.freshet.file.Yaml.Mark;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The form of the file, as the JSON Schema that editors can use has it. What a schema finds is said
 * in the words of the file; a {@code $comment} in the schema says what would be right.
 */
public final class FileForm {

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final String text;
  private final JsonNode document;
  private final Schema schema;

  private FileForm(String text) {
    this.text = text;
    this.document = JsonMapper.shared().readTree(text);
    this.schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12).getSchema(document);
  }

  /** The form that a class's resource describes, a JSON Schema. */
  public static FileForm of(Class<?> owner, String resource) {
    return new FileForm(read(owner, resource));
  }

  /** The schema itself. */
  public String text() {
    return text;
  }

  private static String read(Class<?> owner, String resource) {
    try (InputStream in = Objects.requireNonNull(owner.getResourceAsStream(resource), resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Checks a file.
   *
   * @throws FileInvalid when its form is not right
   */
  public void check(Yaml file) {
    List<FileProblem> problems =
        schema.validate(json(file)).stream().map(error -> problem(file, error)).toList();
    if (!problems.isEmpty()) {
      throw new FileInvalid(problems);
    }
  }

  /** The same value as JSON. */
  public static JsonNode json(Yaml yaml) {
    return switch (yaml) {
      case Yaml.Mapping mapping -> {
        ObjectNode object = JSON.objectNode();
        mapping.entries().forEach((key, entry) -> object.set(key, json(entry.value())));
        yield object;
      }
      case Yaml.Sequence sequence -> {
        ArrayNode array = JSON.arrayNode();
        sequence.members().forEach(member -> array.add(json(member)));
        yield array;
      }
      case Yaml.Scalar scalar ->
          switch (scalar.value()) {
            case String text -> JSON.stringNode(text);
            case Boolean truth -> JSON.booleanNode(truth);
            case Long number -> JSON.numberNode(number);
            case BigDecimal number -> JSON.numberNode(number);
            case null, default -> JSON.nullNode();
          };
    };
  }

  private FileProblem problem(Yaml file, Error error) {
    NodePath place = error.getInstanceLocation();
    Yaml value = at(file, place);
    Optional<JsonNode> alternatives = alternatives(error);
    if (alternatives.isPresent()) {
      return value
          .at()
          .problem(
              "this needs %s"
                  .formatted(
                      StreamSupport.stream(alternatives.get().spliterator(), false)
                          .map(one -> one.path("required").path(0).asString())
                          .collect(Collectors.joining(" or "))));
    }
    JsonNode schema = schemaAround(error);
    String key = String.valueOf(error.getProperty());
    return switch (error.getKeyword()) {
      case "additionalProperties" ->
          keyMark(value, key)
              .problem(
                  "'%s' is not a key here%s"
                      .formatted(key, Nearest.of(key, names(schema.path("properties")))));
      case "required" -> value.at().problem("'%s' is missing here".formatted(key));
      case "propertyNames" ->
          keyMark(value, key)
              .problem(
                  "'%s' can't stand here%s".formatted(key, comment(schema.path("propertyNames"))));
      case "type" ->
          value
              .at()
              .problem(
                  "%s must be %s%s"
                      .formatted(name(place), types(schema.path("type")), comment(schema)));
      case "const" ->
          value.at().problem("%s must be %s".formatted(name(place), schema.path("const")));
      case "enum" ->
          value
              .at()
              .problem(
                  "%s is '%s'%s"
                      .formatted(
                          name(place),
                          written(value),
                          Nearest.of(written(value), texts(schema.path("enum")))));
      case "minItems" -> value.at().problem(name(place) + " is empty" + comment(schema));
      default ->
          value
              .at()
              .problem("%s is '%s'%s".formatted(name(place), written(value), comment(schema)));
    };
  }

  /** The value at a place. */
  public static Yaml at(Yaml file, NodePath place) {
    Yaml value = file;
    for (int i = 0; i < place.getNameCount(); i++) {
      Object element = place.getElement(i);
      value =
          switch (value) {
            case Yaml.Mapping mapping ->
                Objects.requireNonNull(mapping.entries().get(element.toString())).value();
            case Yaml.Sequence sequence ->
                sequence.members().get(Integer.parseInt(element.toString()));
            case Yaml.Scalar scalar -> scalar;
          };
    }
    return value;
  }

  private static Mark keyMark(Yaml value, String key) {
    return value instanceof Yaml.Mapping mapping && mapping.entries().containsKey(key)
        ? Objects.requireNonNull(mapping.entries().get(key)).keyAt()
        : value.at();
  }

  /** The subschema that holds the keyword which failed. */
  private JsonNode schemaAround(Error error) {
    NodePath path = error.getSchemaLocation().getFragment();
    return schemaAt(path, path.getNameCount() - 1);
  }

  /** What could be there, when the error is that none of several is; here always keys. */
  private Optional<JsonNode> alternatives(Error error) {
    NodePath path = error.getSchemaLocation().getFragment();
    for (int i = 0; i < path.getNameCount(); i++) {
      if (path.getElement(i).equals("anyOf")) {
        return Optional.of(schemaAt(path, i + 1));
      }
    }
    return Optional.empty();
  }

  private JsonNode schemaAt(NodePath path, int depth) {
    JsonNode at = document;
    for (int i = 0; i < depth; i++) {
      String name = path.getElement(i).toString();
      at = at.isArray() ? at.path(Integer.parseInt(name)) : at.path(name);
    }
    return at;
  }

  /** The last key on the way to a value. */
  private static String name(NodePath place) {
    for (int i = place.getNameCount() - 1; i >= 0; i--) {
      String name = place.getElement(i).toString();
      if (!name.chars().allMatch(Character::isDigit)) {
        return name;
      }
    }
    return "the file";
  }

  /** As the file has it: what variables stand for may be secret. */
  private static String written(Yaml value) {
    return value instanceof Yaml.Scalar scalar ? scalar.written() : "something else";
  }

  private static String comment(JsonNode schema) {
    String comment = schema.path("$comment").asString("");
    return comment.isEmpty() ? "" : "; " + comment;
  }

  private static List<String> names(JsonNode properties) {
    return List.copyOf(properties.propertyNames());
  }

  private static List<String> texts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asString).toList();
  }

  private static String types(JsonNode type) {
    Map<String, String> words =
        Map.of(
            "object", "keys and values",
            "array", "a list",
            "string", "a text",
            "number", "a number",
            "integer", "a whole number",
            "boolean", "true or false");
    List<String> types = new ArrayList<>(type.isArray() ? texts(type) : List.of(type.asString()));
    return types.stream()
        .map(name -> Objects.requireNonNullElse(words.get(name), name))
        .collect(Collectors.joining(" or "));
  }
}
