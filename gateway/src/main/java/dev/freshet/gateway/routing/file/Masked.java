package dev.freshet.gateway.routing.file;

import java.util.List;
import java.util.regex.Pattern;

/** A routes file as it may be shown: without the secrets that are written in it. */
public final class Masked {

  private static final String SECRET_NAME =
      "[\\w.-]*(?:password|passwd|secret|token|credential|api-?key)[\\w.-]*";

  /** What stands before a secret, as a group, and the secret behind it. */
  private static final List<Pattern> SECRETS =
      List.of(
          // a URL's password
          Pattern.compile("(://[^:@/\\s\"']*:)[^@\\s\"']+(?=@)"),
          // a parameter of a URL
          Pattern.compile("(?i)([?&;]%s=)[^&;\\s\"',}\\]]+".formatted(SECRET_NAME)),
          // a key
          Pattern.compile("(?i)(?<![\\w?&;])(%s[\"']?\\s*:\\s+)[^,}\\n]+".formatted(SECRET_NAME)),
          // a header of a filter: AddRequestHeader=Authorization, Bearer …
          Pattern.compile(
              "(?i)(=\\s*(?:proxy-)?(?:authorization|cookie|%s)\\s*,\\s*)[^\\n\"'\\]}]+"
                  .formatted(SECRET_NAME)),
          Pattern.compile(
              "(?i)(name:\\s*[\"']?(?:(?:proxy-)?authorization|cookie|%s)[\"']?\\s*,\\s*value:\\s*)[^\\n}]+"
                  .formatted(SECRET_NAME)));

  private Masked() {}

  /** The text with stars in the place of secrets. What variables stand for is not in it anyway. */
  public static String text(String text) {
    String masked = text;
    for (Pattern secret : SECRETS) {
      masked = secret.matcher(masked).replaceAll("$1***");
    }
    return masked;
  }
}
