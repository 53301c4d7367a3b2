package dev.freshet.sync.source;

import dev.freshet.sync.model.TableName;

/**
 * A function of the source that is neither PostgreSQL's own nor an extension's, to be had in the
 * read database too.
 *
 * @param arguments their types, as in DROP FUNCTION
 * @param definition the CREATE OR REPLACE FUNCTION that makes it
 */
public record UserFunction(TableName name, String arguments, String definition) {

  /** Its qualified name, quoted, with the types of its arguments. */
  public String signature() {
    return "%s(%s)".formatted(name.quoted(), arguments);
  }
}
