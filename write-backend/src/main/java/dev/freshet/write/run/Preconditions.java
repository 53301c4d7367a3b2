package dev.freshet.write.run;

import dev.freshet.protocol.ProblemCode;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The client's {@code If-Match} and {@code If-None-Match} (RFC 9110, 13.1), read as versions.
 *
 * <p>Entity tags are {@code "v<version>"}, or {@code "v<version>-<digest>"} as readers give them;
 * only the version is compared. A weak tag never matches {@code If-Match}.
 *
 * @param ifMatch null when the client sent none
 * @param ifNoneMatch null when the client sent none
 */
public record Preconditions(@Nullable Tags ifMatch, @Nullable Tags ifNoneMatch) {

  /** Of a client that does not care. */
  public static final Preconditions NONE = new Preconditions(null, null);

  private static final Pattern TAG = Pattern.compile("(W/)?\"v(\\d{1,19})(?:-[^\"]*)?\"");

  /**
   * What a header lists.
   *
   * @param isAny whether it is {@code *}
   * @param versions of the tags that can be one of ours
   */
  public record Tags(boolean isAny, Set<String> versions) {

    private static @Nullable Tags of(@Nullable String header, boolean weakToo) {
      if (header == null) {
        return null;
      }
      if (header.strip().equals("*")) {
        return new Tags(true, Set.of());
      }
      return new Tags(
          false,
          Arrays.stream(header.split(",", -1))
              .map(tag -> TAG.matcher(tag.strip()))
              .filter(Matcher::matches)
              .filter(tag -> weakToo || tag.group(1) == null)
              .map(tag -> tag.group(2))
              .collect(Collectors.toUnmodifiableSet()));
    }

    private boolean has(@Nullable String version) {
      return isAny || (version != null && versions.contains(version));
    }
  }

  /** Reads the headers of a request. */
  public static Preconditions of(@Nullable String ifMatch, @Nullable String ifNoneMatch) {
    return new Preconditions(Tags.of(ifMatch, false), Tags.of(ifNoneMatch, true));
  }

  /** The entity tag of a version. */
  public static String tag(String version) {
    return "\"v" + version + "\"";
  }

  /**
   * Why what is there must not be changed for this client; empty when it may.
   *
   * @param isThere whether there is a row
   * @param version its version; null where it has none
   */
  Optional<Outcome.Refused> refuse(boolean isThere, @Nullable String version) {
    if (ifMatch != null && !(isThere && ifMatch.has(version))) {
      return Optional.of(
          Outcome.Refused.of(
              ProblemCode.VERSION_MISMATCH,
              (version == null
                      ? "What is there has no version that If-Match names."
                      : "It is at version %s now, which If-Match does not name.".formatted(version))
                  + " Read it again and decide again."));
    }
    if (ifNoneMatch != null && isThere && ifNoneMatch.has(version)) {
      return Optional.of(
          Outcome.Refused.of(
              ProblemCode.VERSION_MISMATCH,
              "There is one already, and If-None-Match asks for none. Read it, and decide again."));
    }
    return Optional.empty();
  }
}
