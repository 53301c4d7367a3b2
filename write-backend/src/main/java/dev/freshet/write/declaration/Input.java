package dev.freshet.write.declaration;

import dev.freshet.file.Yaml.Mark;
import org.jspecify.annotations.Nullable;

/**
 * A value that a request brings.
 *
 * @param name as statements call it
 * @param from where it is in the request
 * @param type PostgreSQL's, as written; null where PostgreSQL is to infer it
 * @param at where the file says so
 */
public record Input(String name, From from, @Nullable String type, Mark at) {

  /** Where in a request a value is. */
  public enum From {
    PATH,
    QUERY,
    BODY
  }
}
