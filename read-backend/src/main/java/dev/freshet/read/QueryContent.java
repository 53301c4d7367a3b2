package dev.freshet.read;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.query.Refused;
import java.util.Map;
import java.util.Set;
import org.springframework.http.HttpHeaders;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;
import org.springframework.web.reactive.function.server.ServerRequest;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The content of {@code QUERY}: a JSON object of {@code select}, {@code filter}, {@code order},
 * {@code limit}, {@code offset}, {@code after} and {@code before}, each as the URL has it. {@code
 * filter} is an object of columns, with {@code "op.value"} or a list of these, and of {@code and},
 * {@code or} and their negations, with what the URL has for these.
 */
final class QueryContent {

  /** How content was read. */
  sealed interface Reading {
    /**
     * As parameters of a URL.
     *
     * @param parameters what the content asks for
     */
    record Read(MultiValueMap<String, String> parameters) implements Reading {}

    record Rejected(Refused refused) implements Reading {}
  }

  static final String ACCEPT_QUERY = "Accept-Query";

  private static final String FILTER = "filter";
  private static final Set<String> TEXTS = Set.of("select", "order", "after", "before");
  private static final Set<String> NUMBERS = Set.of("limit", "offset");

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(tools.jackson.core.StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private final MultiValueMap<String, String> parameters = new LinkedMultiValueMap<>();

  private QueryContent() {}

  /**
   * Reads it. Without content there is nothing whose type would have to be told.
   *
   * @param content all of it
   */
  static Reading read(ServerRequest request, byte[] content) {
    if (content.length == 0) {
      return new Reading.Read(new LinkedMultiValueMap<>());
    }
    try {
      requireJson(request);
      return new Reading.Read(new QueryContent().members(content));
    } catch (Unreadable e) {
      return new Reading.Rejected(Refused.of(e.problem));
    }
  }

  private static void requireJson(ServerRequest request) {
    MediaType type;
    try {
      type = request.headers().contentType().orElse(null);
    } catch (InvalidMediaTypeException e) {
      throw new Unreadable(
          ProblemCode.BAD_REQUEST, "Content-Type can't be read: " + e.getMessage() + ".");
    }
    if (type == null) {
      throw new Unreadable(
          ProblemCode.BAD_REQUEST,
          "The content of QUERY comes with its Content-Type (RFC 10008): application/json.");
    }
    String encoding = request.headers().firstHeader(HttpHeaders.CONTENT_ENCODING);
    if (!type.equalsTypeAndSubtype(MediaType.APPLICATION_JSON)
        || (encoding != null && !encoding.equalsIgnoreCase("identity"))) {
      throw new Unreadable(
          ProblemCode.UNSUPPORTED_MEDIA_TYPE,
          "The content of QUERY is application/json, without a Content-Encoding.");
    }
  }

  private MultiValueMap<String, String> members(byte[] content) {
    JsonNode root;
    try {
      root = JSON.readTree(content);
    } catch (JacksonException e) {
      throw new Unreadable(
          ProblemCode.MALFORMED_JSON,
          "The content of QUERY must be one JSON object: " + e.getOriginalMessage() + ".");
    }
    if (!root.isObject()) {
      throw new Unreadable(
          ProblemCode.BAD_VALUE,
          "The content of QUERY is an object of select, filter, order, limit, offset, after and before.");
    }
    for (Map.Entry<String, JsonNode> member : root.properties()) {
      member(member.getKey(), member.getValue());
    }
    return parameters;
  }

  private void member(String name, JsonNode value) {
    if (name.equals(FILTER)) {
      filters(value);
    } else if (TEXTS.contains(name)) {
      parameters.add(name, text(name, value));
    } else if (NUMBERS.contains(name)) {
      if (!value.isIntegralNumber()) {
        throw new Unreadable(
            ProblemCode.BAD_VALUE, "%s takes a whole number from 0.".formatted(name));
      }
      parameters.add(name, value.asString());
    } else {
      throw new Unreadable(
          ProblemCode.BAD_VALUE,
          "A query has no member '%s'; there are select, filter, order, limit, offset, after and before."
              .formatted(name));
    }
  }

  private void filters(JsonNode columns) {
    if (!columns.isObject()) {
      throw new Unreadable(
          ProblemCode.BAD_VALUE,
          "filter is an object of columns, as in {\"status\": \"eq.placed\"}.");
    }
    for (Map.Entry<String, JsonNode> column : columns.properties()) {
      String name = filtered(column.getKey());
      if (column.getValue().isArray()) {
        column.getValue().forEach(value -> parameters.add(name, text(name, value)));
      } else {
        parameters.add(name, text(name, column.getValue()));
      }
    }
  }

  /** Within the object nothing but columns is meant, whatever they are called. */
  private static String filtered(String column) {
    return TEXTS.contains(column) || NUMBERS.contains(column) ? '"' + column + '"' : column;
  }

  private static String text(String name, JsonNode value) {
    if (!value.isString()) {
      throw new Unreadable(
          ProblemCode.BAD_VALUE, "%s takes text as the URL has it, not %s.".formatted(name, value));
    }
    return value.asString();
  }

  /** Leaves the methods on the first thing that can't be read; never leaves the class. */
  private static final class Unreadable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    Unreadable(ProblemCode code, String detail) {
      super(detail, null, false, false);
      this.problem = Problem.of(code, detail);
    }
  }
}
