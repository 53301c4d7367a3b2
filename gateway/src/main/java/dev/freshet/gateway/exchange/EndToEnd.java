package dev.freshet.gateway.exchange;

import java.util.Arrays;
import java.util.Collections;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * Headers that {@code Connection} has no say in, though it names them: those that the gateway sets
 * or goes by, and those that say what content is or who asks. Without them a backend would
 * understand another request than the gateway did (RFC 9110, 7.6.1: such fields are not to be
 * named).
 */
public final class EndToEnd {

  private static final Set<String> NAMES = names();

  private static final String FRESHET = "freshet-";
  private static final String FORWARDED = "x-forwarded-";

  private EndToEnd() {}

  private static Set<String> names() {
    Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    names.addAll(
        Arrays.asList(
            "Authorization",
            "Cache-Control",
            "Content-Encoding",
            "Content-Length",
            "Content-Type",
            "Cookie",
            "Forwarded",
            "Host",
            "Origin",
            "Set-Cookie",
            "Transfer-Encoding",
            "Vary",
            "X-Real-IP",
            "X-Request-Id",
            "b3",
            "traceparent",
            "tracestate",
            "uber-trace-id"));
    return Collections.unmodifiableSet(names);
  }

  /** Whether a header is one of them, in any case. */
  public static boolean isOne(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return NAMES.contains(name) || lower.startsWith(FRESHET) || lower.startsWith(FORWARDED);
  }
}
