package dev.freshet.gateway.routing;

import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import org.springframework.http.server.PathContainer;

/** Paths in which a backend could find other segments than the gateway does. */
final class PathRules {

  private static final Set<String> DOTS = Set.of(".", "..");

  private PathRules() {}

  /**
   * Why a path is refused for what is percent-encoded in it: nothing that could end a segment, or a
   * line.
   *
   * @param path as it was sent, without the query
   * @return empty when it may go on
   */
  static Optional<String> ofEscapes(String path) {
    for (int at = path.indexOf('%'); at >= 0; at = path.indexOf('%', at + 1)) {
      if (at + 2 >= path.length()
          || !HexFormat.isHexDigit(path.charAt(at + 1))
          || !HexFormat.isHexDigit(path.charAt(at + 2))) {
        return Optional.of("The path holds a % without two hexadecimal digits.");
      }
      int character = HexFormat.fromHexDigits(path, at + 1, at + 3);
      if (character == '/' || character == '\\') {
        return Optional.of(
            "The path holds an encoded slash, which backends may read differently; send it in the query.");
      }
      if (character < ' ' || character == 0x7f) {
        return Optional.of("The path holds an encoded control character.");
      }
    }
    return Optional.empty();
  }

  /**
   * Why a path is refused for its segments.
   *
   * @param isGuarded whether some paths ask for tokens, and others must not lead to them
   * @return empty when it may go on
   */
  static Optional<String> ofSegments(PathContainer path, boolean isGuarded) {
    boolean isAfterSlash = false;
    for (PathContainer.Element element : path.elements()) {
      boolean isEmpty = isAfterSlash;
      isAfterSlash = true;
      if (element instanceof PathContainer.PathSegment segment) {
        if (DOTS.contains(segment.valueToMatch())) {
          return Optional.of(
              "The path holds '.' or '..' segments, which backends may read differently.");
        }
        isEmpty = segment.valueToMatch().isEmpty();
        isAfterSlash = false;
      }
      if (isGuarded && isEmpty) {
        return Optional.of(
            "The path holds empty segments, which backends may read differently; where routes ask for tokens, that could lead past them.");
      }
    }
    return Optional.empty();
  }
}
