package dev.freshet.read;

import dev.freshet.read.store.Count;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a client prefers (RFC 7240, {@code Prefer}).
 *
 * @param count {@code count=exact} and so on: the number of all rows is wanted
 * @param timeZone {@code timezone=}: in which times are to be told; null for the store's own
 * @param isStrict {@code handling=strict}: what is not understood is refused, not passed over
 * @param understood those that are followed, as they are told in {@code Preference-Applied}
 * @param others those that are not understood
 */
record Preferences(
    Count count,
    @Nullable String timeZone,
    boolean isStrict,
    List<String> understood,
    List<String> others) {

  static final String HEADER = "Prefer";
  static final String APPLIED = "Preference-Applied";

  private static final String TIME_ZONE = "timezone=";
  private static final String STRICT = "handling=strict";

  private static final Map<String, Count> COUNTS =
      Map.of(
          "count=exact", Count.EXACT,
          "count=planned", Count.PLANNED,
          "count=estimated", Count.ESTIMATED);
  private static final Set<String> HANDLINGS = Set.of(STRICT, "handling=lenient");

  /** PostgREST's for writes; there is nothing for reads to follow. */
  private static final Set<String> OF_WRITES =
      Set.of("max-affected", "return", "resolution", "missing", "tx");

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
        if (!name.isEmpty() && !OF_WRITES.contains(name)) {
          byName.putIfAbsent(name, words.length == 1 ? name : name + "=" + value(words[1]));
        }
      }
    }
    Count count = Count.NONE;
    String timeZone = null;
    List<String> understood = new ArrayList<>();
    List<String> others = new ArrayList<>();
    for (String preference : byName.values()) {
      if (COUNTS.containsKey(preference)) {
        count = COUNTS.get(preference);
      } else if (preference.startsWith(TIME_ZONE)) {
        timeZone = preference.substring(TIME_ZONE.length());
      } else if (!HANDLINGS.contains(preference)) {
        others.add(preference);
        continue;
      }
      understood.add(preference);
    }
    return new Preferences(count, timeZone, understood.contains(STRICT), understood, others);
  }

  private static String value(String text) {
    String stripped = text.strip();
    boolean isQuoted =
        stripped.length() > 1 && stripped.startsWith("\"") && stripped.endsWith("\"");
    return isQuoted ? stripped.substring(1, stripped.length() - 1) : stripped;
  }

  /** The same where there is no such time zone: one that is not understood. */
  Preferences withoutTimeZone() {
    List<String> left = new ArrayList<>(understood);
    left.remove(TIME_ZONE + timeZone);
    List<String> more = new ArrayList<>(others);
    more.add(TIME_ZONE + timeZone);
    return new Preferences(count, null, isStrict, left, more);
  }

  /** Whether something is asked for that nobody here understands, by somebody who minds. */
  boolean areNotAllUnderstood() {
    return isStrict && !others.isEmpty();
  }

  /** As {@code Preference-Applied} tells them; empty when there is nothing to tell. */
  String applied() {
    return understood.stream().collect(Collectors.joining(", "));
  }
}
