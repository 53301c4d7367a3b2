package dev.freshet.write.openapi;

import dev.freshet.protocol.ProblemCode;
import dev.freshet.write.check.CheckedCommand;
import dev.freshet.write.check.CheckedCommand.Step;
import dev.freshet.write.check.Column;
import dev.freshet.write.declaration.Answer;
import dev.freshet.write.declaration.BodyForm;
import dev.freshet.write.declaration.Declaration;
import dev.freshet.write.declaration.Declaration.Wanted;
import dev.freshet.write.declaration.Input;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The document of the commands that can be given. */
public final class CommandsDocument {

  private static final JsonMapper JSON = new JsonMapper();

  /** Statuses that any command may answer with, beside those of its own. */
  private static final List<ProblemCode> ALWAYS =
      List.of(
          ProblemCode.BAD_REQUEST,
          ProblemCode.CONFLICT,
          ProblemCode.INVALID,
          ProblemCode.DATABASE_UNAVAILABLE);

  private final ObjectNode document = JSON.createObjectNode();
  private final ObjectNode paths = JSON.createObjectNode();
  private final ObjectNode schemas = JSON.createObjectNode();
  private final Set<String> tags = new TreeSet<>();

  private CommandsDocument() {}

  /** The document of these commands. */
  public static ObjectNode of(Collection<CheckedCommand> commands) {
    return new CommandsDocument().write(commands);
  }

  private ObjectNode write(Collection<CheckedCommand> commands) {
    document.put("openapi", "3.1.0");
    document
        .putObject("info")
        .put("title", "Commands")
        .put("version", "1")
        .put(
            "description",
            "Each command is decided and written in one transaction. A refusal is a problem document.")
        .putObject("license")
        .put("name", "Of whoever runs it")
        .put("identifier", "LicenseRef-operator");
    document.putArray("servers").addObject().put("url", "/");
    boolean hasScopes = false;
    for (CheckedCommand command : commands) {
      command(command);
      hasScopes |= !command.declaration().scopes().isEmpty();
    }
    ArrayNode named = document.putArray("tags");
    tags.forEach(
        tag -> named.addObject().put("name", tag).put("description", "Commands on " + tag));
    document.set("paths", paths);
    ObjectNode components = document.putObject("components");
    components.set("schemas", schemas);
    schemas.set("Refusal", problem());
    components
        .putObject("responses")
        .putObject("Refused")
        .put("description", "Refused; nothing was written.")
        .putObject("content")
        .putObject("application/problem+json")
        .set("schema", ref("schemas", "Refusal"));
    if (hasScopes) {
      components
          .putObject("securitySchemes")
          .putObject("bearer")
          .put("type", "http")
          .put("scheme", "bearer")
          .put("bearerFormat", "JWT");
    }
    document.putArray("security").addObject();
    return document;
  }

  private void command(CheckedCommand command) {
    Declaration declaration = command.declaration();
    String path = declaration.path().getPatternString();
    String tag = path.split("/", 3)[1].replaceAll("[{}]", "");
    tags.add(tag);
    String name = typeName(declaration.name());
    ObjectNode operation =
        JSON.createObjectNode()
            .put("operationId", Character.toLowerCase(name.charAt(0)) + name.substring(1))
            .put("summary", declaration.name().replace('-', ' ').replace('_', ' '));
    operation.putArray("tags").add(tag);
    parameters(declaration, operation);
    if (declaration.body() != null) {
      addBody(declaration.body(), name + "Body");
      ObjectNode content = operation.putObject("requestBody").put("required", true);
      content
          .putObject("content")
          .putObject("application/json")
          .set("schema", ref("schemas", name + "Body"));
    }
    answers(command, name, operation);
    if (!declaration.scopes().isEmpty()) {
      operation.putArray("security").addObject().putArray("bearer");
    }
    ObjectNode at = paths.has(path) ? (ObjectNode) paths.get(path) : paths.putObject(path);
    at.set(declaration.method().name().toLowerCase(Locale.ROOT), operation);
  }

  private static void parameters(Declaration declaration, ObjectNode operation) {
    ArrayNode parameters = JSON.createArrayNode();
    for (Input input : new TreeMap<>(declaration.inputs()).values()) {
      boolean isOfPath = input.from() == Input.From.PATH;
      if (isOfPath || input.from() == Input.From.QUERY) {
        ObjectNode parameter =
            parameters
                .addObject()
                .put("name", input.name())
                .put("in", isOfPath ? "path" : "query")
                .put("required", isOfPath);
        parameter.set("schema", JsonTypes.of(String.valueOf(input.type()), false));
      }
    }
    header(
        parameters,
        declaration.rules().idempotency(),
        "Idempotency-Key",
        "A name for this attempt: with the same one it is done once, and answered as the first time.");
    if (declaration.state() != null) {
      header(
          parameters,
          declaration.rules().ifMatch(),
          "If-Match",
          "The ETag of what was read: refused when it has changed since.");
    }
    if (!parameters.isEmpty()) {
      operation.set("parameters", parameters);
    }
  }

  private static void header(ArrayNode parameters, Wanted wanted, String name, String description) {
    if (wanted != Wanted.NONE) {
      parameters
          .addObject()
          .put("name", name)
          .put("in", "header")
          .put("required", wanted == Wanted.REQUIRED)
          .put("description", description)
          .putObject("schema")
          .put("type", "string");
    }
  }

  /** Its definitions become components beside it, which its references name. */
  private void addBody(BodyForm form, String name) {
    String text =
        form.document()
            .toString()
            .replace("\"$ref\":\"#/$defs/", "\"$ref\":\"#/components/schemas/" + name + "_")
            .replace("\"$ref\":\"#\"", "\"$ref\":\"#/components/schemas/" + name + "\"")
            .replace(
                "\"$ref\":\"#/properties",
                "\"$ref\":\"#/components/schemas/" + name + "/properties");
    ObjectNode schema = (ObjectNode) JSON.readTree(text);
    schema.remove("$schema");
    JsonNode definitions = schema.remove("$defs");
    schemas.set(name, schema);
    if (definitions != null) {
      definitions
          .properties()
          .forEach(one -> schemas.set(name + "_" + one.getKey(), one.getValue()));
    }
  }

  private void answers(CheckedCommand command, String name, ObjectNode operation) {
    Declaration declaration = command.declaration();
    ObjectNode answers = operation.putObject("responses");
    List<Column> columns =
        command.steps().getLast() instanceof Step.Reply reply ? reply.columns() : List.of();
    Answer answer = declaration.answer();
    if (!answer.hasNoBody()) {
      schemas.set(name + "Answer", row(columns, answer));
    }
    for (Answer.Told told :
        answer.made() == null ? List.of(answer.usual()) : List.of(answer.made(), answer.usual())) {
      ObjectNode done =
          answers
              .putObject(Integer.toString(told.status()))
              .put("description", told.location() == null ? "Done." : "Made.");
      headers(done, told, columns);
      if (told.status() != 204) {
        done.putObject("content")
            .putObject("application/json")
            .set("schema", ref("schemas", name + "Answer"));
      }
    }
    Set<Integer> refused = new TreeSet<>(declaration.problems().values());
    ALWAYS.forEach(code -> refused.add(code.status()));
    declaration.constraints().values().forEach(violated -> refused.add(violated.status()));
    if (declaration.state() != null || !declaration.path().getPatternString().equals("/")) {
      refused.add(ProblemCode.NOT_FOUND.status());
    }
    if (declaration.state() != null) {
      refused.add(ProblemCode.VERSION_MISMATCH.status());
    }
    if (declaration.rules().ifMatch() == Wanted.REQUIRED) {
      refused.add(ProblemCode.PRECONDITION_REQUIRED.status());
    }
    if (!declaration.scopes().isEmpty()) {
      refused.add(ProblemCode.UNAUTHENTICATED.status());
      refused.add(ProblemCode.FORBIDDEN.status());
    }
    refused.forEach(status -> answers.set(Integer.toString(status), ref("responses", "Refused")));
  }

  private static void headers(ObjectNode done, Answer.Told told, List<Column> columns) {
    Map<String, String> headers = new TreeMap<>();
    if (told.location() != null) {
      headers.put("Location", "The path of what was made.");
    }
    if (columns.stream().anyMatch(column -> column.name().equals("version"))) {
      headers.put("ETag", "The version after the change, for If-Match.");
    }
    if (!headers.isEmpty()) {
      ObjectNode described = done.putObject("headers");
      headers.forEach(
          (header, description) ->
              described
                  .putObject(header)
                  .put("description", description)
                  .putObject("schema")
                  .put("type", "string"));
    }
  }

  private static ObjectNode row(List<Column> columns, Answer answer) {
    ObjectNode schema = JSON.createObjectNode().put("type", "object");
    ObjectNode properties = schema.putObject("properties");
    ArrayNode required = schema.putArray("required");
    for (Column column : columns) {
      if (answer.made() == null || !column.name().equals(Answer.CREATED)) {
        properties.set(column.name(), JsonTypes.of(column.type(), true));
        required.add(column.name());
      }
    }
    return schema;
  }

  private static ObjectNode problem() {
    ObjectNode schema = JSON.createObjectNode().put("type", "object");
    schema.put("description", "Why a command was refused (RFC 9457).");
    ObjectNode properties = schema.putObject("properties");
    for (String text : List.of("type", "title", "detail", "code")) {
      properties.putObject(text).put("type", "string");
    }
    properties.putObject("status").put("type", "integer");
    ObjectNode errors = properties.putObject("errors").put("type", "array").putObject("items");
    ObjectNode error = errors.put("type", "object").putObject("properties");
    error.putObject("pointer").put("type", "string");
    error.putObject("message").put("type", "string");
    return schema;
  }

  private static ObjectNode ref(String kind, String name) {
    return JSON.createObjectNode().put("$ref", "#/components/%s/%s".formatted(kind, name));
  }

  private static String typeName(String command) {
    StringBuilder name = new StringBuilder();
    for (String word : command.split("[-_]+", -1)) {
      if (!word.isEmpty()) {
        name.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
      }
    }
    return name.toString();
  }
}
