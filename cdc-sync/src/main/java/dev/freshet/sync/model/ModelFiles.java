package dev.freshet.sync.model;

import dev.freshet.postgres.TextSearch;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.text.similarity.LevenshteinDistance;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Reads {@code models/*.sql}: a header of YAML in a block comment, then one SELECT. The file's name
 * is the model's.
 */
public final class ModelFiles {

  private static final Pattern FORM = Pattern.compile("\\s*/\\*(.*?)\\*/\\s*(.*)", Pattern.DOTALL);

  private static final YAMLMapper YAML =
      YAMLMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
          .build();

  /** What a header may hold, by example. */
  private static final List<String> EXAMPLES =
      List.of(
          "key: [order_id, line]",
          "version: changed_at",
          "scope: customer_id",
          "affects: { refund: order_id }",
          "indexes: [customer, \"lower(name)\"]",
          "aggregates: true",
          "policies: [ { to: web, using: \"customer = 'x'\" } ]",
          "hide: { web: [margin] }",
          "search: { text: [name, description], language: english }",
          "stores: [search]");

  private static final List<String> MEMBERS =
      EXAMPLES.stream().map(example -> example.substring(0, example.indexOf(':'))).toList();

  /** A name with more wrong in it is another one. */
  private static final int MOST_TYPOS = 2;

  /** What a header names as key when the result has one row. */
  private static final String ONE_ROW = "none";

  /** The configuration that every copy searches by where nothing else is said. */
  private static final String SIMPLE = "simple";

  private ModelFiles() {}

  /** The stores that a model can be kept in, beside the read database. */
  private static final List<String> STORES = List.of("search");

  private record Rule(@Nullable String to, @Nullable String using) {}

  private record Search(@Nullable List<String> text, @Nullable String language) {}

  private record Header(
      @Nullable List<String> key,
      @Nullable String version,
      @Nullable List<String> scope,
      @Nullable Map<String, String> affects,
      @Nullable List<String> indexes,
      @Nullable Boolean aggregates,
      @Nullable List<Rule> policies,
      @Nullable Map<String, List<String>> hide,
      @Nullable Search search,
      @Nullable List<String> stores) {

    static final Header NONE =
        new Header(null, null, null, null, null, null, null, null, null, null);
  }

  /**
   * Finds all models of a folder, by name.
   *
   * @throws SyncRefused when there is none, or a file can't be read
   */
  public static Map<String, Declared> read(Path folder) {
    Map<String, Declared> models = new TreeMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.sql")) {
      for (Path file : files) {
        String name = file.getFileName().toString().replaceFirst("\\.sql$", "");
        String text = Files.readString(file);
        models.put(name, new Declared(name, text));
      }
    } catch (IOException e) {
      throw new SyncRefused(
          "The models' folder %s can't be read (%s). Name one that holds NAME.sql files with --models."
              .formatted(folder, e.getClass().getSimpleName()),
          e);
    }
    if (models.isEmpty()) {
      throw new SyncRefused(
          "%s holds no models. Put a NAME.sql there for each, with a key and one SELECT."
              .formatted(folder));
    }
    return models;
  }

  /**
   * A model as its file has it.
   *
   * @param text header and SELECT
   */
  public record Declared(String name, String text) {

    /**
     * Reads it.
     *
     * @throws SyncRefused when it can't be read; it says why
     */
    public ReadModel model() {
      return parse(name, text);
    }
  }

  private static ReadModel parse(String name, String text) {
    String file = name + ".sql";
    Matcher parts = FORM.matcher(text);
    if (!parts.matches()) {
      throw new SyncRefused(
          "%s does not start with a header. Start it with /* key: COLUMN */, then the SELECT."
              .formatted(file));
    }
    int firstLine = (int) text.substring(0, parts.start(1)).chars().filter(c -> c == '\n').count();
    Header header = header(file, parts.group(1), firstLine);
    if (header.key() == null || header.key().isEmpty()) {
      throw new SyncRefused(
          "%s names no key. Say in its header which columns are unique, as in key: id, or key: none where the result is one row."
              .formatted(file));
    }
    List<String> key = header.key().equals(List.of(ONE_ROW)) ? List.of() : header.key();
    if (key.isEmpty() && header.scope() != null) {
      throw new SyncRefused(
          "%s has a scope and key: none, whose one row is recomputed with each change. Leave the scope out."
              .formatted(file));
    }
    String select = parts.group(2).strip().replaceFirst(";\\s*$", "");
    return new ReadModel(
        name,
        key,
        header.version(),
        header.scope() == null ? List.of() : header.scope(),
        header.affects() == null ? Map.of() : header.affects(),
        header.indexes() == null ? List.of() : header.indexes(),
        Boolean.TRUE.equals(header.aggregates()),
        audience(file, header, key),
        search(file, header),
        stores(file, header, key),
        select);
  }

  private static @Nullable TextSearch search(String file, Header header) {
    Search search = header.search();
    if (search == null) {
      return null;
    }
    try {
      return new TextSearch(
          search.text() == null ? List.of() : search.text(),
          search.language() == null ? SIMPLE : search.language());
    } catch (IllegalArgumentException e) {
      throw new SyncRefused("%s: search: %s.".formatted(file, e.getMessage()), e);
    }
  }

  private static List<String> stores(String file, Header header, List<String> key) {
    List<String> stores = header.stores() == null ? List.of() : header.stores();
    for (String store : stores) {
      if (!STORES.contains(store)) {
        throw new SyncRefused(
            "%s: stores names '%s', and a model can be kept in %s."
                .formatted(file, store, String.join(", ", STORES)));
      }
    }
    if (!stores.isEmpty() && key.isEmpty()) {
      throw new SyncRefused(
          "%s has stores and key: none. Only rows with a key can be kept in a store."
              .formatted(file));
    }
    return stores.stream().distinct().toList();
  }

  private static Audience audience(String file, Header header, List<String> key) {
    List<Audience.Policy> policies = new ArrayList<>();
    for (Rule rule : header.policies() == null ? List.<Rule>of() : header.policies()) {
      if (rule == null
          || rule.to() == null
          || rule.to().isBlank()
          || rule.using() == null
          || rule.using().isBlank()) {
        throw new SyncRefused(
            "%s: a policy has a role and a condition, as in policies: [ { to: web, using: \"customer = 'x'\" } ]."
                .formatted(file));
      }
      policies.add(new Audience.Policy(rule.to(), rule.using()));
    }
    Map<String, List<String>> hidden = header.hide() == null ? Map.of() : header.hide();
    if (hidden.values().stream().anyMatch(Objects::isNull)) {
      throw new SyncRefused(
          "%s: hide names columns by role, as in hide: { web: [margin] }.".formatted(file));
    }
    hidden.forEach(
        (role, columns) ->
            columns.stream()
                .filter(key::contains)
                .findFirst()
                .ifPresent(
                    column -> {
                      throw new SyncRefused(
                          "%s: hide names %s, which is of the key, by which rows are found and sorted. Take a key that everybody may see."
                              .formatted(file, column));
                    }));
    return new Audience(policies, hidden);
  }

  /**
   * Reads a header.
   *
   * @param linesBefore it in its file
   */
  private static Header header(String file, String yaml, int linesBefore) {
    try {
      Header header = YAML.readValue(yaml.isBlank() ? "{}" : yaml, Header.class);
      return header == null ? Header.NONE : header;
    } catch (UnrecognizedPropertyException e) {
      String given = e.getPropertyName();
      if (e.getPath().size() > 1) {
        throw wrongForm(file, linesBefore + lineOf(given, yaml), e);
      }
      throw new SyncRefused(
          "%s, line %d: a header has no member '%s'.%s It knows %s."
              .formatted(
                  file,
                  linesBefore + lineOf(given, yaml),
                  given,
                  nearest(given).map(" Did you mean '%s'?"::formatted).orElse(""),
                  String.join(", ", MEMBERS)),
          e);
    } catch (MismatchedInputException e) {
      throw wrongForm(file, linesBefore + line(e), e);
    } catch (JacksonException e) {
      throw new SyncRefused(
          "%s, line %d: its header can't be read: %s. It knows %s."
              .formatted(
                  file,
                  linesBefore + line(e),
                  e.getOriginalMessage().lines().findFirst().orElse(""),
                  String.join(", ", MEMBERS)),
          e);
    }
  }

  private static SyncRefused wrongForm(String file, int line, MismatchedInputException failure) {
    String member =
        failure.getPath().isEmpty()
            ? ""
            : String.valueOf(failure.getPath().getFirst().getPropertyName());
    String what =
        EXAMPLES.stream()
            .filter(example -> example.startsWith(member + ":"))
            .findFirst()
            .map(example -> "'%s' has another form, as in %s".formatted(member, example))
            .orElse("its header is no YAML of names and values, as in key: id");
    return new SyncRefused("%s, line %d: %s.".formatted(file, line, what), failure);
  }

  /** By the text: the parser is a line ahead when it objects. */
  private static int lineOf(String member, String yaml) {
    List<String> lines = yaml.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      if (isNamed(member, lines.get(i))) {
        return i + 1;
      }
    }
    return 1;
  }

  private static boolean isNamed(String member, String line) {
    return Pattern.compile("(^|[\\s{,\"'])" + Pattern.quote(member) + "[\"']?\\s*:")
        .matcher(line)
        .find();
  }

  private static int line(JacksonException failure) {
    return failure.getLocation() == null ? 1 : Math.max(1, failure.getLocation().getLineNr());
  }

  /** The member that was meant, most likely. */
  private static Optional<String> nearest(String given) {
    LevenshteinDistance distance = new LevenshteinDistance(MOST_TYPOS);
    return MEMBERS.stream()
        .filter(member -> distance.apply(given.toLowerCase(Locale.ROOT), member) >= 0)
        .min(
            Comparator.comparing(member -> distance.apply(given.toLowerCase(Locale.ROOT), member)));
  }
}
