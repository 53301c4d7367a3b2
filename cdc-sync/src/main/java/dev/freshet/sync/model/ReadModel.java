package dev.freshet.sync.model;

import dev.freshet.postgres.TextSearch;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One read model, as its file declares it.
 *
 * <p>Its key is empty when the result has one row, as that of an aggregate of everything has.
 *
 * @param name the relation's name in schema {@code read}
 * @param key the columns that are unique together in the result
 * @param version the column behind entity tags, or null
 * @param scope the columns whose rows are recomputed together; empty for the key's
 * @param affects by table, how its changed rows say what they touch, where that can't be inferred
 * @param indexes index definitions on the maintained table, each a list of columns as in SQL
 * @param hasAggregates whether clients may ask for sums and the like
 * @param audience who sees what of it
 * @param search which of its texts are searched together, or null
 * @param stores what other stores keep it, by their kinds
 * @param select the SELECT, as written
 */
public record ReadModel(
    String name,
    List<String> key,
    @Nullable String version,
    List<String> scope,
    Map<String, String> affects,
    List<String> indexes,
    boolean hasAggregates,
    Audience audience,
    @Nullable TextSearch search,
    List<String> stores,
    String select) {

  public ReadModel {
    key = List.copyOf(key);
    scope = List.copyOf(scope);
    affects = new TreeMap<>(affects);
    indexes = List.copyOf(indexes);
    stores = List.copyOf(stores);
  }

  /** Whether the result is one row, which nothing tells from others. */
  public boolean isOneRow() {
    return key.isEmpty();
  }

  /** Changes whenever the declaration does. */
  public String hash() {
    List<String> texts =
        new ArrayList<>(
            List.of(
                name,
                key.toString(),
                version + "",
                scope.toString(),
                affects.toString(),
                indexes.toString(),
                select));
    if (hasAggregates) {
      texts.add("aggregates");
    }
    if (!audience.isEverybody()) {
      texts.add(audience.toString());
    }
    if (search != null) {
      texts.add(search.toString());
    }
    if (!stores.isEmpty()) {
      texts.add("stores " + stores);
    }
    return Fingerprint.of(texts);
  }

  /** The relation's qualified name, quoted for SQL. */
  public String quotedName() {
    return "read." + TableName.quoted(name);
  }

  /** The relation's comment; see {@link dev.freshet.protocol.ModelComment}. */
  public String comment() {
    return "{\"freshet\": {\"key\": [%s], %s%s%s%s\"hash\": \"%s\"}}"
        .formatted(
            jsonStrings(key),
            version == null ? "" : "\"version\": %s, ".formatted(jsonString(version)),
            hasAggregates ? "\"aggregates\": true, " : "",
            audience.isEverybody()
                ? ""
                : "\"roles\": [%s], ".formatted(jsonStrings(audience.roles())),
            search == null
                ? ""
                : "\"search\": {\"text\": [%s], \"language\": %s}, "
                    .formatted(jsonStrings(search.text()), jsonString(search.language())),
            hash());
  }

  private static String jsonStrings(List<String> texts) {
    return texts.stream().map(ReadModel::jsonString).collect(Collectors.joining(", "));
  }

  private static String jsonString(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
