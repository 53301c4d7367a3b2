package dev.freshet.bench.consistency;

import java.net.http.HttpResponse;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A read of an order that was answered.
 *
 * @param startedNanos when it was sent, by {@link System#nanoTime}
 * @param source which copy answered, and why
 * @param values that the order had
 * @param held the token that it was asked with
 */
record ReadAnswer(
    Key key, String level, long startedNanos, String source, Set<Integer> values, String held) {

  private static final Pattern QUANTITY = Pattern.compile("\"quantity\": ?(\\d+)");

  /** The values in an answer, none where there is no such order. */
  static Set<Integer> values(HttpResponse<String> answer) {
    Set<Integer> values = new LinkedHashSet<>();
    if (answer.statusCode() == 200) {
      Matcher quantities = QUANTITY.matcher(answer.body());
      while (quantities.find()) {
        values.add(Integer.parseInt(quantities.group(1)));
      }
    }
    return values;
  }

  boolean isOfPrimary() {
    return source.contains(";kind=primary");
  }

  /** The report's line for a value that is missing. */
  String lacks(int value, Key.@Nullable Acknowledged acknowledged) {
    return "order %s lacks %d (%s), got %s from %s at %s with %s"
        .formatted(key.id(), value, acknowledged, values, source, level, Client.head(held));
  }
}
