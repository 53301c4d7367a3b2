package dev.freshet.gateway.routing.file;

import dev.freshet.gateway.routing.Route;
import java.util.List;

/** Whether a route leaves anything for another one below it. */
final class Reach {

  private static final String REST = "**";

  private Reach() {}

  /**
   * Whether every request of one route is one of an earlier route. Says no where that is not plain:
   * patterns with expressions are taken to leave something.
   */
  static boolean covers(Route earlier, Route later) {
    return earlier.conditions().cover(later.conditions())
        && covers(segments(earlier), segments(later));
  }

  private static List<String> segments(Route route) {
    return List.of(route.path().getPatternString().split("/", -1));
  }

  private static boolean covers(List<String> earlier, List<String> later) {
    if (earlier.isEmpty()) {
      return later.isEmpty();
    }
    String first = earlier.getFirst();
    if (isRest(first) && earlier.size() == 1) {
      return true;
    }
    if (later.isEmpty() || isRest(later.getFirst())) {
      return earlier.equals(later);
    }
    boolean takesIt =
        first.equals(later.getFirst()) || (isAny(first) && !later.getFirst().isEmpty());
    return takesIt && covers(earlier.subList(1, earlier.size()), later.subList(1, later.size()));
  }

  private static boolean isAny(String segment) {
    return segment.equals("*") || segment.matches("\\{\\w+}");
  }

  private static boolean isRest(String segment) {
    return segment.equals(REST) || segment.matches("\\{\\*\\w+}");
  }
}
