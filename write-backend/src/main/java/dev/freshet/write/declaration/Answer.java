package dev.freshet.write.declaration;

import dev.freshet.file.Yaml.Mark;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a command that was done is answered with.
 *
 * @param made when the column {@code created} is true; null where that does not matter
 * @param usual otherwise
 */
public record Answer(@Nullable Told made, Told usual) {

  /** The column that tells whether something was made; it is not part of the body. */
  public static final String CREATED = "created";

  /**
   * An answer.
   *
   * @param status 200, 201 or 204
   * @param location the path of what was made, with names in braces; null for none
   * @param at where the file says so
   */
  public record Told(int status, @Nullable String location, Mark at) {

    private static final Pattern NAME = Pattern.compile("\\{([^{}]*)}");

    /** The names in the location's braces. */
    public List<String> names() {
      return location == null
          ? List.of()
          : NAME.matcher(location).results().map(found -> found.group(1)).toList();
    }

    /** Puts something into the place of each pair of braces. */
    public String location(UnaryOperator<String> value) {
      return NAME.matcher(String.valueOf(location))
          .replaceAll((MatchResult found) -> Matcher.quoteReplacement(value.apply(found.group(1))));
    }
  }

  /** Whether it never has a body. */
  public boolean hasNoBody() {
    return made == null && usual.status() == 204;
  }
}
