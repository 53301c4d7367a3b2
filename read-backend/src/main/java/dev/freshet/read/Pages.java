package dev.freshet.read;

import dev.freshet.read.model.Model;
import dev.freshet.read.query.Cursor;
import dev.freshet.read.query.ModelQuery;
import dev.freshet.read.store.Answer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.util.MultiValueMap;
import org.springframework.web.util.UriUtils;

/** Where the pages beside an answer are, as {@code Link} tells it (RFC 8288). */
final class Pages {

  /** Characters of a reference; a cursor has the values that are sorted by, whatever they are. */
  private static final int LONGEST = 4_096;

  private static final Set<String> PLACES = Set.of("after", "before", "offset");

  private Pages() {}

  /**
   * The header's value, with references relative to the request's own; empty when there is none.
   *
   * @param parameters of the request's URL
   */
  static Optional<String> links(
      Model model, ModelQuery query, Answer.Page page, MultiValueMap<String, String> parameters) {
    List<String> links = new ArrayList<>();
    List<Optional<String>> last = page.last();
    List<Optional<String>> first = page.first();
    Long nextOffset = page.nextOffset();
    if (last != null) {
      add(links, "next", "after", Cursor.of(model, query, last), parameters);
    }
    if (nextOffset != null) {
      add(links, "next", "offset", nextOffset.toString(), parameters);
    }
    if (first != null) {
      add(links, "prev", "before", Cursor.of(model, query, first), parameters);
    }
    return links.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", links));
  }

  private static void add(
      List<String> links,
      String relation,
      String parameter,
      String place,
      MultiValueMap<String, String> parameters) {
    StringBuilder target = new StringBuilder();
    parameters.forEach(
        (name, given) ->
            given.forEach(
                value -> {
                  if (!isPlace(name, value)) {
                    target.append(target.isEmpty() ? '?' : '&').append(encoded(name));
                    target.append('=').append(value == null ? "" : encoded(value));
                  }
                }));
    target.append(target.isEmpty() ? '?' : '&').append(parameter).append('=');
    target.append(place);
    if (target.length() > LONGEST) {
      return; // with it the answer's head would not pass
    }
    links.add("<%s>; rel=\"%s\"".formatted(target, relation));
  }

  /** A filter on a column of such a name has a dot. */
  private static boolean isPlace(String name, @Nullable String value) {
    return PLACES.contains(name) && (value == null || !value.contains("."));
  }

  private static String encoded(String text) {
    return UriUtils.encode(text, StandardCharsets.UTF_8);
  }
}
