package dev.freshet.sync.inference;

import dev.freshet.sync.model.TableName;
import java.util.Locale;

/** Identifiers as SQL writes them and as the catalogue has them. */
final class Names {

  private Names() {}

  /** An identifier as the catalogue has it: unquoted ones are in lower case. */
  static String of(String written) {
    return written.startsWith("\"")
        ? written.substring(1, written.length() - 1).replace("\"\"", "\"")
        : written.toLowerCase(Locale.ROOT);
  }

  static String quoted(String name) {
    return TableName.quoted(name);
  }
}
