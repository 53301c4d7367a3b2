package dev.freshet.gateway.routing;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.springframework.http.server.PathContainer;
import org.springframework.util.StringUtils;
import org.springframework.web.util.UriUtils;

/**
 * A path as the most lenient of backends may read it: decoded as often as it can be decoded,
 * without parameters ({@code ;…}), without empty segments and {@code .}, without dots and spaces at
 * a segment's end, in lower case. Two paths that are the same that way may be the same to a
 * backend, whatever the gateway thinks of them.
 */
final class LenientPath {

  /** Paths below it are between gateway and backends. */
  private static final String INTERNAL = ".freshet";

  /** A backend that decodes more often than this is none to be careful for. */
  private static final int MOST_DECODINGS = 8;

  private LenientPath() {}

  /** Whether a backend may find in it a path that is between gateway and backends. */
  static boolean isInternal(String path) {
    // Most paths hold nothing that could become it.
    return (path.indexOf('%') >= 0 || path.indexOf('.') >= 0) && segments(path).contains(INTERNAL);
  }

  /** The same path, spelled plainly. */
  static PathContainer of(String path) {
    return PathContainer.parsePath(
        segments(path).stream()
            .map(segment -> UriUtils.encodePathSegment(segment, StandardCharsets.UTF_8))
            .collect(Collectors.joining("/", "/", "")));
  }

  private static List<String> segments(String path) {
    List<String> segments = new ArrayList<>();
    for (String segment : decoded(path).split("[/\\\\]", -1)) {
      int parameters = segment.indexOf(';');
      String named = parameters < 0 ? segment : segment.substring(0, parameters);
      String plain = withoutEnd(named).toLowerCase(Locale.ROOT);
      if (!plain.isEmpty()) {
        segments.add(plain);
      }
    }
    return segments;
  }

  private static String decoded(String path) {
    String text = path;
    for (int i = 0; i < MOST_DECODINGS && text.indexOf('%') >= 0; i++) {
      try {
        text = StringUtils.uriDecode(text, StandardCharsets.UTF_8);
      } catch (IllegalArgumentException e) {
        return text; // a % that stands for itself
      }
    }
    return text;
  }

  private static String withoutEnd(String segment) {
    int end = segment.length();
    while (end > 0 && (segment.charAt(end - 1) == '.' || segment.charAt(end - 1) <= ' ')) {
      end--;
    }
    return segment.substring(0, end);
  }
}
