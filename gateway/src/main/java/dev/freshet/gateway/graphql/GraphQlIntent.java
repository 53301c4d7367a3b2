package dev.freshet.gateway.graphql;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.freshet.gateway.routing.GraphQl;
import dev.freshet.gateway.routing.Intent;
import graphql.language.Document;
import graphql.language.OperationDefinition;
import graphql.parser.InvalidSyntaxException;
import graphql.parser.Parser;
import graphql.parser.ParserEnvironment;
import graphql.parser.ParserOptions;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Whether a GraphQL request reads or writes: queries and subscriptions read, mutations write, and
 * so does whatever can't be told. Of a batch, one that writes makes all of it a write.
 */
public final class GraphQlIntent {

  private static final int MOST_CHARACTERS = 64 * 1024;
  private static final int MOST_TOKENS = 5_000;
  private static final int DEEPEST = 200;
  private static final int LARGEST_BATCH = 50;

  private static final ParserOptions BOUNDED =
      ParserOptions.newParserOptions()
          .captureIgnoredChars(false)
          .captureSourceLocation(false)
          .captureLineComments(false)
          .maxCharacters(MOST_CHARACTERS)
          .maxTokens(MOST_TOKENS)
          .maxWhitespaceTokens(MOST_CHARACTERS)
          .maxRuleDepth(DEEPEST)
          .build();

  /** The members of a request that name a persisted query. */
  private static final List<String> IDS = List.of("documentId", "id", "doc_id");

  /** All that say what it does. */
  private static final Set<String> MEMBERS =
      Stream.concat(IDS.stream(), Stream.of("query", "operationName", "extensions"))
          .collect(Collectors.toUnmodifiableSet());

  /** Parsers differ in which one of two members of the same name they go by. */
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private static final int LONGEST_NAME = 256;

  /** Clients send the same documents over and over. */
  private static final long KNOWN_CHARACTERS = 4L * 1024 * 1024;

  private final Cache<Operation, Found> known =
      Caffeine.newBuilder()
          .maximumWeight(KNOWN_CHARACTERS)
          .weigher((Operation operation, Found found) -> operation.length() + 200)
          .build();

  /**
   * An operation of a document.
   *
   * @param name which one; null where the document has but one
   */
  private record Operation(String document, @Nullable String name) {

    int length() {
      return document.length() + (name == null ? 0 : name.length());
    }
  }

  /**
   * What a request means.
   *
   * @param because what that was found by
   */
  public record Found(Intent intent, String because) {}

  /** Finds what a request means. */
  public Found of(Content content, GraphQl route) {
    try {
      Map<String, String> parameters = parameters(content.query());
      if (content.body().isEmpty()) {
        return ofParameters(parameters, route);
      }
      if (!content.isReadable()) {
        return write("its content is of a type, or a size, that is not looked at");
      }
      if (!Collections.disjoint(parameters.keySet(), MEMBERS)) {
        return write("its URL says something, too, and backends differ in what they go by");
      }
      return content.type().equals("application/graphql")
          ? ofDocument(content.body(), null)
          : ofJson(JSON.readTree(content.body()), route);
    } catch (JacksonException | IllegalArgumentException e) {
      return write("it can't be read");
    }
  }

  private static Found write(String because) {
    return new Found(Intent.WRITE, because);
  }

  private Found ofJson(JsonNode body, GraphQl route) {
    if (!body.isArray()) {
      return ofRequest(body, route);
    }
    if (body.size() > LARGEST_BATCH) {
      return write("it is a batch of more than " + LARGEST_BATCH);
    }
    int characters = 0;
    for (JsonNode request : body) {
      characters += request.path("query").stringValue("").length();
    }
    if (characters > MOST_CHARACTERS) {
      return write("it is a batch of more than %d characters".formatted(MOST_CHARACTERS));
    }
    Found last = write("it is an empty batch");
    for (JsonNode request : body) {
      last = ofRequest(request, route);
      if (last.intent() == Intent.WRITE) {
        return last;
      }
    }
    return last;
  }

  private Found ofRequest(JsonNode request, GraphQl route) {
    for (String name : request.propertyNames()) {
      boolean isAlike = MEMBERS.stream().anyMatch(name::equalsIgnoreCase);
      if (isAlike && !MEMBERS.contains(name)) {
        return write("it has a member '%s', which some backends take for another".formatted(name));
      }
    }
    return of(
        request.path("query").stringValue(""),
        request.path("operationName").stringValue(null),
        persisted(request, request.path("extensions")),
        route);
  }

  /** A GET, by the parameters of GraphQL over HTTP. */
  private Found ofParameters(Map<String, String> parameters, GraphQl route) {
    return of(
        parameters.getOrDefault("query", ""),
        parameters.get("operationName"),
        persisted(
            JSON.valueToTree(parameters),
            JSON.readTree(parameters.getOrDefault("extensions", "{}"))),
        route);
  }

  /** The names of a persisted query, by Apollo's and Relay's conventions. */
  private static Set<String> persisted(JsonNode request, JsonNode extensions) {
    Set<String> names = new HashSet<>();
    JsonNode hash = extensions.path("persistedQuery").path("sha256Hash");
    if (hash.isString()) {
      names.add(hash.asString());
    }
    for (String id : IDS) {
      if (request.path(id).isString()) {
        names.add(request.path(id).asString());
      }
    }
    return names;
  }

  private Found of(
      String document, @Nullable String operation, Set<String> persisted, GraphQl route) {
    if (!document.isEmpty()) {
      return ofDocument(document, operation);
    }
    if (persisted.size() != 1) {
      return write(persisted.isEmpty() ? "it has no query" : "it names several persisted queries");
    }
    String name = persisted.iterator().next();
    Intent intent = route.persisted().get(name);
    return intent == null
        ? write("nobody said what the persisted query is")
        : new Found(intent, "the route says so of persisted query " + name);
  }

  private Found ofDocument(String document, @Nullable String operation) {
    if (document.length() > MOST_CHARACTERS
        || (operation != null && operation.length() > LONGEST_NAME)) {
      return write("it is longer than what is looked at");
    }
    return Objects.requireNonNull(
        known.get(new Operation(document, operation), GraphQlIntent::parsed));
  }

  private static Found parsed(Operation asked) {
    try {
      Document document =
          new Parser()
              .parseDocument(
                  ParserEnvironment.newParserEnvironment()
                      .document(asked.document())
                      .parserOptions(BOUNDED)
                      .build());
      List<OperationDefinition> operations =
          document.getDefinitionsOfType(OperationDefinition.class).stream()
              .filter(one -> asked.name() == null || asked.name().equals(one.getName()))
              .toList();
      if (operations.size() != 1) {
        return write("it does not say which operation it asks for");
      }
      OperationDefinition.Operation operation = operations.getFirst().getOperation();
      return switch (operation) {
        case QUERY -> new Found(Intent.READ, "it is a query");
        case SUBSCRIPTION -> new Found(Intent.READ, "it is a subscription");
        case MUTATION -> write("it is a mutation");
      };
    } catch (InvalidSyntaxException e) {
      return write("it can't be parsed as GraphQL");
    }
  }

  /**
   * The parameters of a URL's query.
   *
   * @throws IllegalArgumentException when it is not encoded as it should be
   */
  private static Map<String, String> parameters(String query) {
    Map<String, String> parameters = new HashMap<>();
    for (String parameter : query.split("&", -1)) {
      int equals = parameter.indexOf('=');
      if (equals > 0) {
        String name = decoded(parameter.substring(0, equals));
        if (parameters.put(name, decoded(parameter.substring(equals + 1))) != null) {
          throw new IllegalArgumentException(name + " is there twice");
        }
      }
    }
    return parameters;
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }
}
