package dev.freshet.search;

import dev.freshet.postgres.TextSearch;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What an index is made for: a model as its rows were when it was begun. It stands in the index's
 * own mapping, so that whoever reads through an alias has both of one index.
 *
 * @param columns name to type, in order
 * @param key the columns that tell rows apart
 * @param version the column behind entity tags, or null
 * @param neverNull columns that hold no null
 * @param ordered columns of text that PostgreSQL sorts by their bytes, as the index does
 * @param search which of its texts are searched, or null
 * @param builtAt when the table was made that the rows are of, as the read database tells it; empty
 *     where nothing is known of it
 */
public record ModelIndex(
    String model,
    Map<String, String> columns,
    List<String> key,
    @Nullable String version,
    Set<String> neverNull,
    Set<String> ordered,
    @Nullable TextSearch search,
    String builtAt) {

  /** Changes when indices of before can't be read any more. */
  private static final int FORMAT = 1;

  private static final JsonMapper JSON = JsonMapper.shared();

  public ModelIndex {
    columns = new LinkedHashMap<>(columns);
    key = List.copyOf(key);
    neverNull = Set.copyOf(neverNull);
    ordered = Set.copyOf(ordered);
  }

  /** An index of a model of which nothing else is known. */
  public static ModelIndex of(
      String model, List<String> columns, List<String> types, List<String> key) {
    Map<String, String> typed = new LinkedHashMap<>();
    for (int i = 0; i < columns.size(); i++) {
      typed.put(columns.get(i), types.get(i));
    }
    return new ModelIndex(model, typed, key, null, Set.of(), Set.of(), null, "");
  }

  /** Whether rows of another one have the same form, and only their table is another. */
  public boolean hasRowsLike(ModelIndex other) {
    return equals(
        new ModelIndex(
            other.model,
            other.columns,
            other.key,
            other.version,
            other.neverNull,
            other.ordered,
            other.search,
            builtAt));
  }

  /** Whether a column's values are compared in the index as PostgreSQL sorts them. */
  public boolean isOrdered(String column) {
    return IndexedType.of(String.valueOf(columns.get(column)))
        .map(
            type ->
                switch (type.form()) {
                  case TEXT -> ordered.contains(column);
                  case UUID,
                      SMALLINT,
                      INTEGER,
                      BIGINT,
                      DECIMAL,
                      REAL,
                      DOUBLE,
                      BOOLEAN,
                      DAYS,
                      MICROS,
                      MICROS_OF_ZONE ->
                      true;
                })
        .orElse(false);
  }

  /** What whoever runs the store should know of its searches; empty where there is nothing. */
  public String remark() {
    return search == null || Languages.isKnown(search.language())
        ? ""
        : "The store has no rules for the language '%s': it finds words as they are written."
            .formatted(search.language());
  }

  /** Whether some column's JSON is as somebody wrote it, and not as PostgreSQL prints it. */
  boolean hasForeignJson() {
    return columns.containsValue("json");
  }

  /**
   * The body that makes the index.
   *
   * @param replicas copies of its shard
   */
  public String creation(int replicas) {
    ObjectNode body = JSON.createObjectNode();
    ObjectNode settings = body.putObject("settings");
    settings.put("number_of_shards", 1);
    settings.put("number_of_replicas", replicas);
    settings.put("refresh_interval", "-1");
    ObjectNode mappings = body.putObject("mappings");
    mappings.put("dynamic", "strict");
    mappings.set("_meta", meta());
    ObjectNode properties = mappings.putObject("properties");
    properties.putObject(RowDocument.ROW).put("type", "object").put("enabled", false);
    properties.putObject(RowDocument.BATCH).put("type", "object").put("enabled", false);
    properties.putObject(RowDocument.UNFIT).put("type", "keyword");
    ObjectNode fields = properties.putObject(RowDocument.FIELDS).putObject("properties");
    List<String> names = List.copyOf(columns.keySet());
    columns.forEach(
        (column, type) ->
            IndexedType.of(type)
                .ifPresent(
                    indexed ->
                        fields
                            .putObject(RowDocument.field(names.indexOf(column)))
                            .put("type", indexed.fieldType())));
    if (search != null) {
      ObjectNode texts = properties.putObject(RowDocument.TEXTS).putObject("properties");
      String analyzer = Languages.analyzer(search.language());
      texts.putObject(RowDocument.ALL).put("type", "text").put("analyzer", analyzer);
      for (int i = 0; i < search.text().size(); i++) {
        if (columns.containsKey(search.text().get(i))) {
          texts.putObject(RowDocument.field(i)).put("type", "text").put("analyzer", analyzer);
        }
      }
    }
    return body.toString();
  }

  private ObjectNode meta() {
    ObjectNode meta = JSON.createObjectNode();
    meta.put("format", FORMAT);
    meta.put("model", model);
    ArrayNode all = meta.putArray("columns");
    columns.forEach((name, type) -> all.addObject().put("name", name).put("type", type));
    meta.set("key", JSON.valueToTree(key));
    meta.put("version", version);
    meta.set("neverNull", JSON.valueToTree(neverNull));
    meta.set("ordered", JSON.valueToTree(ordered));
    if (search != null) {
      meta.set("search", JSON.valueToTree(search));
    }
    meta.put("builtAt", builtAt);
    return meta;
  }

  /**
   * Reads what an index says of itself.
   *
   * @param meta the member {@code _meta} of its mapping
   * @throws IllegalArgumentException when it is not of this format
   */
  public static ModelIndex of(JsonNode meta) {
    if (meta.path("format").asInt(0) != FORMAT) {
      throw new IllegalArgumentException(
          "it is of format %s, and this version of Freshet reads %d; let the follower of the same version rebuild it"
              .formatted(meta.path("format"), FORMAT));
    }
    Map<String, String> columns = new LinkedHashMap<>();
    meta.path("columns")
        .forEach(
            column -> columns.put(column.path("name").asString(), column.path("type").asString()));
    return new ModelIndex(
        meta.path("model").asString(),
        columns,
        texts(meta.path("key")),
        meta.path("version").isString() ? meta.path("version").asString() : null,
        Set.copyOf(texts(meta.path("neverNull"))),
        Set.copyOf(texts(meta.path("ordered"))),
        meta.has("search") ? JSON.treeToValue(meta.path("search"), TextSearch.class) : null,
        meta.path("builtAt").asString(""));
  }

  private static List<String> texts(JsonNode array) {
    return array.valueStream().map(JsonNode::asString).toList();
  }
}
