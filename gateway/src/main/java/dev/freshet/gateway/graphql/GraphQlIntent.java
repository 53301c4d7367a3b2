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
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Whether a GraphQL request reads or writes: queries and subscriptions read, mutations write, and
 * so does whatever is not understood entirely. Of a batch, one that writes makes all of it a write.
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

  /**
   * Ends of lines, and what is passed over, to some parsers and not to others: in a comment that
   * they end, the rest of a document could be there for one of them alone.
   */
  private static final Pattern UNCLEAR =
      Pattern.compile("[\\u000b\\u000c\\u0085\\u2028\\u2029\\ufeff]");

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
      if (content.body().isEmpty()) {
        return ofMembers(Members.ofQuery(content.query()), route);
      }
      if (!content.isReadable()) {
        return write("its content is of a type, an encoding or a size that is not parsed");
      }
      if (!content.query().isEmpty()) {
        return write("its URL says something, too, and backends differ in what they go by");
      }
      return content.type().equals(Content.DOCUMENT)
          ? ofDocument(content.body(), null)
          : ofJson(Members.json(content.body()), route);
    } catch (Members.NotUnderstood e) {
      return write(e.because());
    }
  }

  private static Found write(String because) {
    return new Found(Intent.WRITE, because);
  }

  private Found ofJson(JsonNode body, GraphQl route) throws Members.NotUnderstood {
    if (!body.isArray()) {
      return ofMembers(Members.of(body), route);
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
      last = ofMembers(Members.of(request), route);
      if (last.intent() == Intent.WRITE) {
        return last;
      }
    }
    return last;
  }

  private Found ofMembers(Members members, GraphQl route) {
    String persisted = members.persisted();
    if (persisted == null) {
      return ofDocument(members.document(), members.operation());
    }
    Intent intent = route.persisted().get(persisted);
    return intent == null
        ? write("nobody said what the persisted query is")
        : new Found(intent, "the route says so of persisted query " + persisted);
  }

  private Found ofDocument(String document, @Nullable String operation) {
    if (document.length() > MOST_CHARACTERS
        || (operation != null && operation.length() > LONGEST_NAME)) {
      return write("it is longer than the limit of 64 KiB");
    }
    if (UNCLEAR.matcher(document).find()) {
      return write("it holds characters that parsers of GraphQL differ about");
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
}
