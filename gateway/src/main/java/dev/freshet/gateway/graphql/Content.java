package dev.freshet.gateway.graphql;

import java.util.Locale;

/**
 * What a GraphQL request consists of, apart from its path.
 *
 * @param query the URL's query, as it was sent, without {@code ?}; empty without
 * @param type the content's media type, without parameters, in lower case; empty without
 * @param body the content; empty without
 */
public record Content(String query, String type, String body) {

  /** More than this is not looked at: it is a write. */
  public static final int MOST_BYTES = 256 * 1024;

  /**
   * A request's.
   *
   * @param target path and query
   * @param contentType the header; empty without
   */
  public static Content of(String target, String contentType, String body) {
    int query = target.indexOf('?');
    return new Content(query < 0 ? "" : target.substring(query + 1), mediaType(contentType), body);
  }

  /** Whether content of a type can say what it means. */
  public static boolean isReadable(String contentType) {
    return switch (mediaType(contentType)) {
      case "application/json", "application/graphql", "application/graphql+json" -> true;
      default -> false;
    };
  }

  private static String mediaType(String contentType) {
    return contentType.replaceFirst(";.*", "").strip().toLowerCase(Locale.ROOT);
  }
}
