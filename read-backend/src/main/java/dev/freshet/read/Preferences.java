package dev.freshet.read;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a client prefers (RFC 7240, {@code Prefer}).
 *
 * @param isCounted {@code count=exact}: the number of all rows is wanted
 * @param isStrict {@code handling=strict}: what is not understood is refused, not passed over
 * @param understood those that are followed, as they are told in {@code Preference-Applied}
 * @param others those that are not understood
 */
record Preferences(
    boolean isCounted, boolean isStrict, List<String> understood, List<String> others) {

  static final String HEADER = "Prefer";
  static final String APPLIED = "Preference-Applied";

  private static final String COUNT = "count=exact";
  private static final String STRICT = "handling=strict";
  private static final String LENIENT = "handling=lenient";
  private static final List<String> KNOWN = List.of(COUNT, STRICT, LENIENT);

  Preferences {
    understood = List.copyOf(understood);
    others = List.copyOf(others);
  }

  /** Reads all headers of that name. Of one preference given twice the first counts. */
  static Preferences of(List<String> headers) {
    Map<String, String> byName = new LinkedHashMap<>();
    for (String header : headers) {
      for (String member : header.split(",", -1)) {
        // Parameters behind a semicolon belong to preferences that are not known here.
        String[] words = member.split(";", -1)[0].split("=", 2);
        String name = words[0].strip().toLowerCase(Locale.ROOT);
        if (!name.isEmpty()) {
          byName.putIfAbsent(name, words.length == 1 ? name : name + "=" + value(words[1]));
        }
      }
    }
    List<String> understood = new ArrayList<>(byName.values());
    understood.retainAll(KNOWN);
    List<String> others = new ArrayList<>(byName.values());
    others.removeAll(KNOWN);
    return new Preferences(
        understood.contains(COUNT), understood.contains(STRICT), understood, others);
  }

  private static String value(String text) {
    String stripped = text.strip();
    boolean isQuoted =
        stripped.length() > 1 && stripped.startsWith("\"") && stripped.endsWith("\"");
    return isQuoted ? stripped.substring(1, stripped.length() - 1) : stripped;
  }

  /** As {@code Preference-Applied} tells them; empty when there is nothing to tell. */
  String applied() {
    return understood.stream().collect(Collectors.joining(", "));
  }
}
