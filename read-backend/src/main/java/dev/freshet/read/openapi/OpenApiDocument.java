package dev.freshet.read.openapi;

import dev.freshet.postgres.TextSearch;
import dev.freshet.read.model.Model;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.springframework.web.util.UriUtils;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Models as OpenAPI 3.1 describes them. */
final class OpenApiDocument {

  private static final JsonMapper JSON = new JsonMapper();

  /** Of every list, by name: what it is for, and an example. */
  private static final Map<String, List<String>> OF_LISTS =
      Map.of(
          "select",
              List.of("The values of each row, separated by commas; all columns without it.", ""),
          "order", List.of("What to sort by: COLUMN.desc.nullslast, separated by commas.", ""),
          "limit", List.of("Most rows.", "20"),
          "offset", List.of("Rows to pass over.", "0"),
          "after", List.of("A cursor: the page behind it. Follow the Link of an answer.", ""),
          "before", List.of("A cursor: the page before it.", ""),
          "or", List.of("Conditions of which one has to hold: (a.eq.1,b.gt.2).", ""),
          "and", List.of("Conditions of which all have to hold.", ""));

  private static final Set<String> NUMBERS = Set.of("limit", "offset");

  private final boolean hasRoles;
  private final ObjectNode document = JSON.createObjectNode();
  private final ObjectNode paths = JSON.createObjectNode();
  private final ObjectNode schemas = JSON.createObjectNode();
  private final Set<String> taken = new TreeSet<>();

  private OpenApiDocument(boolean hasRoles) {
    this.hasRoles = hasRoles;
  }

  /**
   * The document.
   *
   * @param models those that whoever asks may see, with the columns that he may see
   * @param hasRoles whether rows and columns depend on a client's token
   */
  static ObjectNode of(Collection<Model> models, boolean hasRoles) {
    return new OpenApiDocument(hasRoles).write(models);
  }

  private ObjectNode write(Collection<Model> models) {
    document.put("openapi", "3.1.0");
    document
        .putObject("info")
        .put("title", "Read models")
        .put("version", "1")
        .put(
            "description",
            "Each model answers PostgREST's query grammar. A filter is COLUMN=OPERATOR.VALUE, and several are joined by and. Accept: text/csv and application/vnd.pgrst.object+json give other forms.")
        .putObject("license")
        .put("name", "Of whoever runs it")
        .put("identifier", "LicenseRef-operator");
    document.putArray("servers").addObject().put("url", "/");
    ArrayNode tags = document.putArray("tags");
    document.set("paths", paths);
    for (Model model : models) {
      if (!model.columns().isEmpty()) {
        tags.addObject().put("name", model.name()).put("description", "The model " + model.name());
        model(model);
      }
    }
    ObjectNode components = document.putObject("components");
    components.set("schemas", schemas);
    schemas.set("Problem", problem());
    components.set("parameters", parameters());
    components.set("responses", responses());
    if (hasRoles) {
      components
          .putObject("securitySchemes")
          .putObject("bearer")
          .put("type", "http")
          .put("scheme", "bearer")
          .put("bearerFormat", "JWT");
    }
    ArrayNode security = document.putArray("security");
    if (hasRoles) {
      security.addObject().putArray("bearer");
    } else {
      security.addObject();
    }
    return document;
  }

  private void model(Model model) {
    String name = schemaName(model.name());
    schemas.set(name, schema(model));
    String path = "/" + UriUtils.encodePathSegment(model.name(), StandardCharsets.UTF_8);
    ObjectNode list = operation(model, "list" + name, "Rows of " + model.name());
    ArrayNode parameters = list.putArray("parameters");
    OF_LISTS.keySet().stream().sorted().forEach(one -> reference(parameters, "parameters", one));
    reference(parameters, "parameters", "prefer");
    reference(parameters, "parameters", "range");
    model
        .columns()
        .forEach(
            (column, type) -> {
              if (!OF_LISTS.containsKey(column)) {
                filter(parameters, column, type);
              }
            });
    Model.Searched search = model.search();
    if (search != null) {
      parameters
          .addObject()
          .put("name", TextSearch.FIELD)
          .put("in", "query")
          .put(
              "description",
              "Words in %s; order=rank.desc sorts by how well a row matches."
                  .formatted(String.join(", ", search.texts().text())))
          .put("example", "wfts.word")
          .putObject("schema")
          .put("type", "string");
    }
    ObjectNode rows = JSON.createObjectNode().put("type", "array");
    rows.set("items", ref("schemas", name));
    ObjectNode answers = list.putObject("responses");
    answers.set("200", rows(rows, "The rows; all that there are, as far as is known."));
    answers.set("206", rows(rows, "Some of the rows that were counted."));
    for (String status : List.of("400", "404", "406", "416", "503")) {
      answers.set(status, ref("responses", "Problem"));
    }
    paths.putObject(path).set("get", list);
    if (!model.key().isEmpty()) {
      byKey(model, name, path);
    }
  }

  private void byKey(Model model, String name, String path) {
    ObjectNode one = operation(model, "get" + name, "One row of " + model.name() + " by its key");
    ArrayNode parameters = one.putArray("parameters");
    StringBuilder pathOfRow = new StringBuilder(path);
    for (int i = 0; i < model.key().size(); i++) {
      String column = model.key().get(i);
      String variable = column.matches("\\w+") ? column : "key" + (i + 1);
      pathOfRow.append("/{").append(variable).append('}');
      ObjectNode parameter =
          parameters
              .addObject()
              .put("name", variable)
              .put("in", "path")
              .put("required", true)
              .put("description", "The key's column " + column);
      parameter.set("schema", ColumnSchema.of(model.columns().getOrDefault(column, "text"), false));
    }
    reference(parameters, "parameters", "select");
    ObjectNode answers = one.putObject("responses");
    ObjectNode found = answers.putObject("200").put("description", "The row.");
    if (model.version() != null) {
      found
          .putObject("headers")
          .putObject("ETag")
          .put("description", "The row's version, for If-None-Match and If-Match.")
          .putObject("schema")
          .put("type", "string");
    }
    found.putObject("content").putObject("application/json").set("schema", ref("schemas", name));
    for (String status : List.of("400", "404", "406", "503")) {
      answers.set(status, ref("responses", "Problem"));
    }
    paths.putObject(pathOfRow.toString()).set("get", one);
  }

  private static ObjectNode operation(Model model, String id, String summary) {
    ObjectNode operation = JSON.createObjectNode().put("operationId", id).put("summary", summary);
    operation.putArray("tags").add(model.name());
    return operation;
  }

  private static void filter(ArrayNode parameters, String column, String type) {
    parameters
        .addObject()
        .put("name", column)
        .put("in", "query")
        .put("description", "A filter on %s (%s).".formatted(column, type))
        .put("example", ColumnSchema.of(type).filter())
        .putObject("schema")
        .put("type", "string");
  }

  private static ObjectNode rows(ObjectNode rows, String description) {
    ObjectNode answer = JSON.createObjectNode().put("description", description);
    ObjectNode headers = answer.putObject("headers");
    header(headers, "Content-Range", "first-last/total, with * for what is not known.");
    header(headers, "Link", "The pages beside this one (RFC 8288).");
    // Of several forms a generated client would have all types at once.
    answer.putObject("content").putObject("application/json").set("schema", rows);
    return answer;
  }

  private static void header(ObjectNode headers, String name, String description) {
    headers
        .putObject(name)
        .put("description", description)
        .putObject("schema")
        .put("type", "string");
  }

  private static ObjectNode schema(Model model) {
    ObjectNode schema = JSON.createObjectNode().put("type", "object");
    schema.put("description", "A row of " + model.name() + ", unless select chose other values.");
    ObjectNode properties = schema.putObject("properties");
    ArrayNode required = schema.putArray("required");
    model
        .columns()
        .forEach(
            (column, type) -> {
              properties.set(column, ColumnSchema.of(type, !model.key().contains(column)));
              required.add(column);
            });
    return schema;
  }

  private static ObjectNode problem() {
    ObjectNode schema = JSON.createObjectNode().put("type", "object");
    schema.put("description", "Why a request was refused (RFC 9457).");
    ObjectNode properties = schema.putObject("properties");
    for (String text : List.of("type", "title", "detail", "code")) {
      properties.putObject(text).put("type", "string");
    }
    properties.putObject("status").put("type", "integer");
    return schema;
  }

  private static ObjectNode responses() {
    ObjectNode responses = JSON.createObjectNode();
    ObjectNode refused = responses.putObject("Problem").put("description", "Refused.");
    refused
        .putObject("content")
        .putObject("application/problem+json")
        .set("schema", ref("schemas", "Problem"));
    return responses;
  }

  private static ObjectNode parameters() {
    ObjectNode parameters = JSON.createObjectNode();
    OF_LISTS.forEach(
        (name, said) -> {
          ObjectNode parameter = parameter(parameters, name, "query", said.getFirst());
          ObjectNode schema = parameter.putObject("schema");
          if (NUMBERS.contains(name)) {
            schema.put("type", "integer").put("format", "int64").put("minimum", 0);
            parameter.put("example", Integer.parseInt(said.getLast()));
          } else {
            schema.put("type", "string");
          }
        });
    parameter(parameters, "prefer", "header", "count=exact, count=planned, timezone=Europe/Rome …")
        .put("name", "Prefer")
        .putObject("schema")
        .put("type", "string");
    parameter(parameters, "range", "header", "Rows by their places: 0-24.")
        .put("name", "Range")
        .putObject("schema")
        .put("type", "string");
    return parameters;
  }

  private static ObjectNode parameter(
      ObjectNode parameters, String name, String in, String description) {
    return parameters
        .putObject(name)
        .put("name", name)
        .put("in", in)
        .put("description", description);
  }

  private static ObjectNode ref(String kind, String name) {
    return JSON.createObjectNode().put("$ref", "#/components/%s/%s".formatted(kind, name));
  }

  private static void reference(ArrayNode array, String kind, String name) {
    array.add(ref(kind, name));
  }

  /** A name that generators of clients can make a type's name of; no two are alike. */
  private String schemaName(String model) {
    String plain = model.replaceAll("[^A-Za-z0-9]", "_");
    String name = Character.toUpperCase(plain.charAt(0)) + plain.substring(1);
    String unique = name;
    for (int i = 2; !taken.add(unique) || unique.equals("Problem"); i++) {
      unique = name + i;
    }
    return unique;
  }
}
