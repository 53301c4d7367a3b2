package dev.freshet.gateway.choice;

import dev.freshet.gateway.choice.Candidate.Reason;
import dev.freshet.protocol.SourceKind;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Puts search stores first for full-text searches, among copies that are fresh enough: a database
 * reads every row that it ranks.
 */
public final class FullText {

  /** As read-backends have it: a parameter {@code search}, or a condition with {@code fts}. */
  private static final Pattern ASKED =
      Pattern.compile("[?&]search=|[=.(](?:pl|ph|w)?fts(?:\\(|\\.|%28)");

  private FullText() {}

  /**
   * Whether a request asks for words.
   *
   * @param target path and query, as they are sent
   */
  public static boolean isAskedBy(String target) {
    int query = target.indexOf('?');
    return query >= 0 && ASKED.matcher(target).region(query, target.length()).find();
  }

  /**
   * Puts stores first where a request asks for words.
   *
   * @param candidates as {@link Choice} has them
   */
  public static List<Candidate> first(String target, List<Candidate> candidates) {
    if (!hasStoreThatMayAnswer(candidates) || !isAskedBy(target)) {
      return candidates;
    }
    List<Candidate> reordered = new ArrayList<>(candidates.size());
    candidates.stream().filter(FullText::isStoreThatMayAnswer).forEach(reordered::add);
    candidates.stream()
        .filter(candidate -> !isStoreThatMayAnswer(candidate))
        .forEach(reordered::add);
    return reordered;
  }

  /** Each read comes by here: a loop makes nothing. */
  private static boolean hasStoreThatMayAnswer(List<Candidate> candidates) {
    for (int i = 0; i < candidates.size(); i++) {
      if (isStoreThatMayAnswer(candidates.get(i))) {
        return true;
      }
    }
    return false;
  }

  private static boolean isStoreThatMayAnswer(Candidate candidate) {
    return candidate.instance().spec().kind() == SourceKind.SEARCH
        && !candidate.instance().isEjected()
        && (candidate.reason() == Reason.ANY || candidate.reason() == Reason.CAUGHT_UP);
  }
}
