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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
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

  /** Clients send the same documents over and over. */
  private static final long KNOWN_CHARACTERS = 4L * 1024 * 1024;

  private final Cache<Operation, Found> known =
      Caffeine.newBuilder()
          .maximumWeight(KNOWN_CHARACTERS)
          .weigher((Operation operation, Found found) -> operation.document().length() + 100)
          .build();

  /**
   * An operation of a document.
   *
   * @param name which one; null where the document has but one
   */
  private record Operation(String document, @Nullable String name) {}

  /**
   * What a request means.
   *
   * @param because what that was found by
   */
  public record Found(Intent intent, String because) {}

  /** Finds what a request means. */
  public Found of(Content content, GraphQl route) {
    try {
      return switch (content.type()) {
        case "" -> ofParameters(parameters(content.query()), route);
        case "application/graphql" ->
            ofDocument(content.body(), parameters(content.query()).get("operationName"));
        default -> ofJson(JsonMapper.shared().readTree(content.body()), route);
      };
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
    return of(
        request.path("query").stringValue(""),
        request.path("operationName").stringValue(null),
        persisted(request, request.path("extensions")),
        route);
  }

  /** A GET, by the parameters of GraphQL over HTTP. */
  private Found ofParameters(Map<String, String> parameters, GraphQl route) {
    JsonNode extensions = JsonMapper.shared().readTree(parameters.getOrDefault("extensions", "{}"));
    JsonNode ids = JsonMapper.shared().valueToTree(parameters);
    return of(
        parameters.getOrDefault("query", ""),
        parameters.get("operationName"),
        persisted(ids, extensions),
        route);
  }

  /** The name of a persisted query, by Apollo's and Relay's conventions; null without. */
  private static @Nullable String persisted(JsonNode request, JsonNode extensions) {
    return List.of(
            extensions.path("persistedQuery").path("sha256Hash"),
            request.path("documentId"),
            request.path("id"),
            request.path("doc_id"))
        .stream()
        .filter(JsonNode::isString)
        .map(JsonNode::asString)
        .findFirst()
        .orElse(null);
  }

  private Found of(
      String document, @Nullable String operation, @Nullable String persisted, GraphQl route) {
    if (!document.isEmpty()) {
      return ofDocument(document, operation);
    }
    if (persisted == null) {
      return write("it has no query");
    }
    Intent intent = route.persisted().get(persisted);
    return intent == null
        ? write("nobody said what the persisted query is")
        : new Found(intent, "the route says so of persisted query " + persisted);
  }

  private Found ofDocument(String document, @Nullable String operation) {
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
