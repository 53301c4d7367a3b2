package dev.freshet.gateway.openapi;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Makes one document of several. */
final class Merge {

  private static final JsonMapper JSON = new JsonMapper();

  private static final Set<String> METHODS =
      Set.of("get", "put", "post", "delete", "options", "head", "patch", "trace");

  private final BiPredicate<String, String> isTaken;
  private final ObjectNode paths = JSON.createObjectNode();
  private final ObjectNode components = JSON.createObjectNode();
  private final ObjectNode tags = JSON.createObjectNode();
  private final Set<String> used = new TreeSet<>();

  private Merge(BiPredicate<String, String> isTaken) {
    this.isTaken = isTaken;
  }

  /**
   * Merges documents; of an operation that several have, the first one's is taken.
   *
   * @param isTaken whether a route takes a method and a path; others are left out
   */
  static ObjectNode of(List<JsonNode> documents, BiPredicate<String, String> isTaken) {
    Merge merge = new Merge(isTaken);
    documents.forEach(merge::add);
    ObjectNode merged = JSON.createObjectNode().put("openapi", "3.1.0");
    merged
        .putObject("info")
        .put("title", "What this gateway answers")
        .put("version", "1")
        .put("description", "Read models, in PostgREST's query grammar, and commands.")
        .putObject("license")
        .put("name", "Of whoever runs it")
        .put("identifier", "LicenseRef-operator");
    merged.putArray("servers").addObject().put("url", "/");
    ArrayNode tags = merged.putArray("tags");
    merge.tags.properties().stream()
        .filter(tag -> merge.used.contains(tag.getKey()))
        .forEach(tag -> tags.add(tag.getValue()));
    merged.set("paths", merge.paths);
    merged.set("components", merge.components);
    merged.putArray("security").addObject();
    return merged;
  }

  private void add(JsonNode document) {
    JsonNode own = renamed(document);
    own.path("tags").forEach(this::addTag);
    for (Map.Entry<String, JsonNode> path : own.path("paths").properties()) {
      for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
        if (METHODS.contains(operation.getKey())
            && operation.getValue() instanceof ObjectNode described
            && isTaken.test(
                operation.getKey().toUpperCase(Locale.ROOT),
                path.getKey().replaceAll("\\{[^{}]*}", "x"))) {
          add(path.getKey(), operation.getKey(), described, own.path("security"));
        }
      }
    }
    for (Map.Entry<String, JsonNode> kind : own.path("components").properties()) {
      ObjectNode into =
          components.has(kind.getKey())
              ? (ObjectNode) components.get(kind.getKey())
              : components.putObject(kind.getKey());
      kind.getValue().properties().forEach(one -> into.putIfAbsent(one.getKey(), one.getValue()));
    }
  }

  private void addTag(JsonNode tag) {
    if (!tags.has(tag.path("name").asString(""))) {
      tags.set(tag.path("name").asString(""), tag);
    }
  }

  private void add(String path, String method, ObjectNode operation, JsonNode security) {
    ObjectNode at = paths.has(path) ? (ObjectNode) paths.get(path) : paths.putObject(path);
    if (at.has(method)) {
      return;
    }
    ObjectNode described = operation.deepCopy();
    if (!described.has("security") && !security.isMissingNode()) {
      described.set("security", security);
    }
    described.path("tags").forEach(tag -> used.add(tag.asString("")));
    at.set(method, described);
  }

  /** Its components by other names where these stand for something else already. */
  private JsonNode renamed(JsonNode document) {
    List<String> changes = new ArrayList<>();
    for (Map.Entry<String, JsonNode> kind : document.path("components").properties()) {
      JsonNode there = components.path(kind.getKey());
      for (Map.Entry<String, JsonNode> one : kind.getValue().properties()) {
        if (there.has(one.getKey()) && !there.get(one.getKey()).equals(one.getValue())) {
          changes.add(kind.getKey() + "/" + one.getKey());
        }
      }
    }
    if (changes.isEmpty()) {
      return document;
    }
    String text = document.toString();
    for (String change : changes) {
      String fresh = change + "_" + (components.size() + 1);
      text =
          text.replace("\"#/components/" + change + "\"", "\"#/components/" + fresh + "\"")
              .replace("\"#/components/" + change + "/", "\"#/components/" + fresh + "/");
    }
    ObjectNode renamed = (ObjectNode) JSON.readTree(text);
    for (String change : changes) {
      String[] names = change.split("/", 2);
      ObjectNode kind = (ObjectNode) renamed.path("components").path(names[0]);
      kind.set(names[1] + "_" + (components.size() + 1), kind.remove(names[1]));
    }
    return renamed;
  }
}
