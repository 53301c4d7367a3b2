package dev.freshet.gateway.graphql;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The members of a GraphQL request, where all of them are understood: a document or the name of a
 * persisted one, never both, with operation, variables and extensions that change nothing. Backends
 * differ in what they go by when there is anything else, so that nothing else is let through.
 *
 * @param document empty where {@code persisted} names one
 * @param operation which one of the document; null where none is named
 * @param persisted the name of a persisted document; null without
 */
record Members(String document, @Nullable String operation, @Nullable String persisted) {

  /** By Relay's conventions, and those of others. */
  private static final Set<String> IDS = Set.of("documentId", "id", "doc_id");

  private static final String QUERY = "query";
  private static final String OPERATION = "operationName";
  private static final String VARIABLES = "variables";
  private static final String EXTENSIONS = "extensions";

  /** Apollo's name of a persisted document, and what its client says of itself. */
  private static final String PERSISTED_QUERY = "persistedQuery";

  private static final String CLIENT = "clientLibrary";

  /** Parsers differ in which one of two members of the same name they go by. */
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  /** Something that is not understood. */
  static final class NotUnderstood extends Exception {
    private static final long serialVersionUID = 1;

    NotUnderstood(String because) {
      super(because);
    }

    static NotUnderstood unreadable(Throwable cause) {
      NotUnderstood unreadable = new NotUnderstood("it can't be read");
      unreadable.initCause(cause);
      return unreadable;
    }

    String because() {
      return String.valueOf(getMessage());
    }
  }

  /** Reads JSON. */
  static JsonNode json(String text) throws NotUnderstood {
    try {
      return JSON.readTree(text);
    } catch (JacksonException e) {
      throw NotUnderstood.unreadable(e);
    }
  }

  /** Those of a JSON object. */
  static Members of(JsonNode request) throws NotUnderstood {
    if (!request.isObject()) {
      throw new NotUnderstood("it has no query");
    }
    String document = "";
    String operation = null;
    List<String> persisted = new ArrayList<>();
    for (Map.Entry<String, JsonNode> member : request.properties()) {
      String name = member.getKey();
      JsonNode value = member.getValue();
      if (name.equals(QUERY)) {
        document = value.isNull() ? "" : text(name, value);
      } else if (name.equals(OPERATION)) {
        operation = value.isNull() ? null : text(name, value);
      } else if (IDS.contains(name)) {
        if (!value.isNull()) {
          persisted.add(text(name, value));
        }
      } else if (name.equals(EXTENSIONS)) {
        addPersisted(value, persisted);
      } else if (!name.equals(VARIABLES) || !(value.isObject() || value.isNull())) {
        throw unknown(name);
      }
    }
    return of(document, operation, persisted);
  }

  private static String text(String name, JsonNode value) throws NotUnderstood {
    if (!value.isString()) {
      throw unknown(name);
    }
    return value.stringValue();
  }

  private static NotUnderstood unknown(String name) {
    return new NotUnderstood(
        "it has a member '%s', and what backends make of that can't be told".formatted(name));
  }

  private static void addPersisted(JsonNode extensions, List<String> persisted)
      throws NotUnderstood {
    if (!extensions.isObject() && !extensions.isNull()) {
      throw unknown(EXTENSIONS);
    }
    for (Map.Entry<String, JsonNode> extension : extensions.properties()) {
      JsonNode value = extension.getValue();
      if (extension.getKey().equals(PERSISTED_QUERY)
          && Set.of("version", "sha256Hash").containsAll(value.propertyNames())) {
        persisted.add(text("sha256Hash", value.path("sha256Hash")));
      } else if (!extension.getKey().equals(CLIENT)) {
        throw unknown(EXTENSIONS + "." + extension.getKey());
      }
    }
  }

  /** Those of a URL's query, by GraphQL over HTTP. */
  static Members ofQuery(String query) throws NotUnderstood {
    Map<String, String> parameters = parameters(query);
    List<String> persisted = new ArrayList<>();
    for (Map.Entry<String, String> parameter : parameters.entrySet()) {
      switch (parameter.getKey()) {
        case QUERY, OPERATION -> {}
        case VARIABLES -> {
          JsonNode variables = json(parameter.getValue());
          if (!variables.isObject() && !variables.isNull()) {
            throw unknown(VARIABLES);
          }
        }
        case EXTENSIONS -> addPersisted(json(parameter.getValue()), persisted);
        default -> {
          if (!IDS.contains(parameter.getKey())) {
            throw unknown(parameter.getKey());
          }
          persisted.add(parameter.getValue());
        }
      }
    }
    return of(parameters.getOrDefault(QUERY, ""), parameters.get(OPERATION), persisted);
  }

  private static Members of(String document, @Nullable String operation, List<String> persisted)
      throws NotUnderstood {
    if (persisted.size() > 1) {
      throw new NotUnderstood("it names several persisted queries");
    }
    if (!document.isEmpty() && !persisted.isEmpty()) {
      throw new NotUnderstood("it has a query and names a persisted one, too");
    }
    if (document.isEmpty() && persisted.isEmpty()) {
      throw new NotUnderstood("it has no query");
    }
    return new Members(document, operation, persisted.isEmpty() ? null : persisted.getFirst());
  }

  private static Map<String, String> parameters(String query) throws NotUnderstood {
    if (query.indexOf(';') >= 0) {
      throw new NotUnderstood("its URL holds a ';', at which some backends begin a parameter");
    }
    Map<String, String> parameters = new HashMap<>();
    for (String parameter : query.split("&", -1)) {
      if (parameter.isEmpty()) {
        continue;
      }
      int equals = parameter.indexOf('=');
      String name = decoded(equals < 0 ? parameter : parameter.substring(0, equals));
      String value = equals < 0 ? "" : decoded(parameter.substring(equals + 1));
      if (parameters.put(name, value) != null) {
        throw new NotUnderstood("its URL says '%s' twice".formatted(name));
      }
    }
    return parameters;
  }

  private static String decoded(String text) throws NotUnderstood {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw NotUnderstood.unreadable(e);
    }
  }
}
