package dev.freshet.gateway.filters;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.util.StringUtils;
import org.springframework.web.util.UriUtils;

/**
 * A query as it was sent, of which only what is named is changed.
 *
 * @param text without the question mark; null where there is none
 */
record RawQuery(@Nullable String text) {

  /** With one more parameter at its end; name and value are encoded here. */
  RawQuery plus(String name, String value) {
    String more = encoded(name) + "=" + encoded(value);
    if (text == null || text.isEmpty()) {
      return new RawQuery(more);
    }
    return new RawQuery(text.endsWith("&") ? text + more : text + "&" + more);
  }

  /** Without the parameters of a name; without any at all there is no query. */
  RawQuery without(String name) {
    if (text == null || parts().noneMatch(named(name))) {
      return this;
    }
    String rest = parts().filter(named(name).negate()).collect(Collectors.joining("&"));
    return new RawQuery(rest.isEmpty() ? null : rest);
  }

  /** With one value in place of those of a name, where it has some. */
  RawQuery with(String name, String value) {
    List<String> all = parts().toList();
    int first = all.stream().map(named(name)::test).toList().indexOf(true);
    if (first < 0) {
      return this;
    }
    String before = String.join("&", all.subList(0, first));
    String kept = all.get(first).split("=", 2)[0] + "=" + encoded(value);
    RawQuery after =
        new RawQuery(String.join("&", all.subList(first + 1, all.size()))).without(name);
    return new RawQuery(
        Stream.of(first == 0 ? null : before, kept, isLast(all, first) ? null : after.text())
            .filter(part -> part != null)
            .collect(Collectors.joining("&")));
  }

  private static boolean isLast(List<String> all, int index) {
    return index == all.size() - 1;
  }

  private Stream<String> parts() {
    return text == null ? Stream.empty() : Stream.of(text.split("&", -1));
  }

  private static Predicate<String> named(String name) {
    return part -> decoded(part.split("=", 2)[0]).equals(name);
  }

  private static String decoded(String name) {
    try {
      return StringUtils.uriDecode(name.replace('+', ' '), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return name; // a lone % stands for itself
    }
  }

  private static String encoded(String text) {
    return UriUtils.encode(text, StandardCharsets.UTF_8);
  }
}
