package dev.freshet.sync.verify;

/**
 * How two relations that should be equal differ, by key.
 *
 * @param what was compared: a model's or a table's name
 * @param rows that are stored
 * @param missing keys that should be there and are not
 * @param extra keys that are there and should not be
 * @param different keys whose rows differ
 */
public record Difference(String what, long rows, long missing, long extra, long different) {

  /** Whether they differ at all. */
  public boolean isOne() {
    return missing + extra + different > 0;
  }
}
