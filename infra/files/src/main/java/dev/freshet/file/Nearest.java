package dev.freshet.file;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** What was probably meant. */
public final class Nearest {

  private static final int FURTHEST = 3;

  private Nearest() {}

  /** The names there are, behind the one that was probably meant. */
  public static String of(String written, Collection<String> names) {
    String there =
        names.isEmpty() ? "" : "; there are " + String.join(", ", names.stream().sorted().toList());
    LevenshteinDistance distance = new LevenshteinDistance(FURTHEST);
    String lower = written.toLowerCase(Locale.ROOT);
    return names.stream()
        .filter(name -> apart(distance, lower, name) >= 0)
        .filter(name -> apart(distance, lower, name) * 3 <= name.length())
        .min(Comparator.comparingInt(name -> apart(distance, lower, name)))
        .map(name -> "; did you mean %s?".formatted(name))
        .orElse(there);
  }

  private static int apart(LevenshteinDistance distance, String lower, String name) {
    return distance.apply(lower, name.toLowerCase(Locale.ROOT));
  }
}
