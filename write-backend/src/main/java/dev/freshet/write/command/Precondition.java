package dev.freshet.write.command;

import dev.freshet.protocol.ProblemCode;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The client's {@code If-Match} (RFC 9110, 13.1.1), read as versions.
 *
 * <p>Entity tags are {@code "v<version>"}, or {@code "v<version>-<digest>"} as readers give them;
 * only the version is compared. A weak tag never matches.
 *
 * @param versions the versions that will do; null when the client does not care
 */
public record Precondition(@Nullable Set<Long> versions) {

  private static final Pattern STRONG_TAG = Pattern.compile("\"v(\\d{1,18})(?:-[^\"]*)?\"");

  static Precondition ifMatch(@Nullable String header) {
    if (header == null || header.strip().equals("*")) {
      return new Precondition(null);
    }
    return new Precondition(
        Arrays.stream(header.split(",", -1))
            .map(tag -> STRONG_TAG.matcher(tag.strip()))
            .filter(Matcher::matches)
            .map(tag -> Long.valueOf(tag.group(1)))
            .collect(Collectors.toUnmodifiableSet()));
  }

  /** The entity tag of a version. */
  static String tag(long version) {
    return "\"v" + version + "\"";
  }

  /** Why a row of this version must not be changed for this client; empty when it may. */
  public Optional<Outcome.Refused> refuses(long version) {
    if (versions == null || versions.contains(version)) {
      return Optional.empty();
    }
    return Optional.of(
        Outcome.Refused.of(
            ProblemCode.VERSION_MISMATCH,
            "It is at version %d now, which If-Match does not name. Read it again and decide again."
                .formatted(version)));
  }
}
