package dev.freshet.gateway.graphql;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What a GraphQL request consists of, apart from its path.
 *
 * @param query the URL's query, as it was sent, without {@code ?}; empty without
 * @param type the content's media type, without parameters, in lower case; empty without
 * @param body the content; empty without
 */
public record Content(String query, String type, String body) {

  private static final Set<String> READABLE =
      Set.of("application/json", "application/graphql", "application/graphql+json");

  private static final String UNKNOWN = "unknown";

  /** More than this is not looked at: it is a write. */
  public static final int MOST_BYTES = 256 * 1024;

  /**
   * A request's.
   *
   * @param target path and query
   * @param contentTypes the headers
   */
  public static Content of(String target, List<String> contentTypes, String body) {
    int query = target.indexOf('?');
    return new Content(query < 0 ? "" : target.substring(query + 1), mediaType(contentTypes), body);
  }

  /** Whether content of a type can say what it means. */
  public static boolean isReadable(List<String> contentTypes) {
    return READABLE.contains(mediaType(contentTypes));
  }

  boolean isReadable() {
    return READABLE.contains(type) && body.length() <= MOST_BYTES;
  }

  /** In characters. */
  public int length() {
    return query.length() + body.length();
  }

  private static String mediaType(List<String> contentTypes) {
    if (contentTypes.size() > 1) {
      return UNKNOWN; // which one a backend goes by can't be told
    }
    return contentTypes.isEmpty()
        ? ""
        : contentTypes.getFirst().replaceFirst(";.*", "").strip().toLowerCase(Locale.ROOT);
  }
}
