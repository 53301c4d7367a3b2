package dev.freshet.gateway.graphql;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * What a GraphQL request consists of, apart from its path.
 *
 * @param query the URL's query, as it was sent, without {@code ?}; empty without
 * @param type the content's media type, without parameters, in lower case; empty without, or where
 *     it can't be told how a backend reads the content
 * @param body the content; empty without
 */
public record Content(String query, String type, String body) {

  static final String DOCUMENT = "application/graphql";

  private static final Set<String> READABLE =
      Set.of("application/json", DOCUMENT, "application/graphql+json");

  /** The one parameter that a readable type may have. */
  private static final Pattern UTF_8 =
      Pattern.compile("(?i)\\s*charset\\s*=\\s*(utf-8|\"utf-8\")\\s*");

  private static final String UNKNOWN = "unknown";

  /** Stands for a body that is no text: there is one, and nobody looks into it. */
  private static final String NOT_UTF_8 = "\u0000";

  /** More than this is not parsed: it is a write. */
  public static final int MOST_BYTES = 256 * 1024;

  /**
   * A request's.
   *
   * @param target path and query
   * @param headers gives all values of a header
   */
  public static Content of(String target, Function<String, List<String>> headers, byte[] body) {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException e) {
      return new Content(query(target), UNKNOWN, NOT_UTF_8);
    }
    return of(target, headers, text);
  }

  /** A request's, whose content is a text. */
  public static Content of(String target, Function<String, List<String>> headers, String body) {
    return new Content(query(target), mediaType(headers), body);
  }

  private static String query(String target) {
    int query = target.indexOf('?');
    return query < 0 ? "" : target.substring(query + 1);
  }

  /**
   * Whether content can say what it means: of a type that is parsed, in UTF-8, and not encoded in
   * any way.
   *
   * @param headers gives all values of a header
   */
  public static boolean isReadable(Function<String, List<String>> headers) {
    return READABLE.contains(mediaType(headers));
  }

  boolean isReadable() {
    return READABLE.contains(type) && body.length() <= MOST_BYTES;
  }

  /** In characters. */
  public int length() {
    return query.length() + body.length();
  }

  private static String mediaType(Function<String, List<String>> headers) {
    List<String> types = headers.apply("Content-Type");
    if (types.size() > 1 || !headers.apply("Content-Encoding").isEmpty()) {
      return UNKNOWN; // which one a backend goes by, or what it decodes, can't be told
    }
    if (types.isEmpty()) {
      return "";
    }
    String[] parts = types.getFirst().split(";", -1);
    boolean isPlain = parts.length == 1 || (parts.length == 2 && UTF_8.matcher(parts[1]).matches());
    return isPlain ? parts[0].strip().toLowerCase(Locale.ROOT) : UNKNOWN;
  }
}
