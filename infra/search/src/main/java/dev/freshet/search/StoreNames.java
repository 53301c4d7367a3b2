package dev.freshet.search;

import java.nio.charset.StandardCharsets;

/**
 * What things are called in a search store. All names begin with {@code freshet.}, so that one
 * store can be shared with others.
 */
public final class StoreNames {

  private static final String PREFIX = "freshet.";
  private static final String MODELS = PREFIX + "model.";

  /** The index that says how far the store is. */
  public static final String PROGRESS = PREFIX + "progress";

  /** The ID of the only document there, and of the one that says which batch an index is of. */
  public static final String PLACE = "place";

  /** All indices of models. */
  public static final String ALL_MODELS = MODELS + "*";

  private StoreNames() {}

  /**
   * The alias by which readers ask for a model. OpenSearch has small letters alone, and few other
   * characters: each other byte of the name is {@code %} and two hexadecimal digits.
   */
  public static String alias(String model) {
    StringBuilder alias = new StringBuilder(MODELS);
    for (byte b : model.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_') {
        alias.append(c);
      } else {
        alias.append("%%%02x".formatted((int) c));
      }
    }
    return alias.toString();
  }

  /**
   * The name of one of a model's indices.
   *
   * @param number counts a model's indices, from 1
   */
  public static String index(String model, long number) {
    return alias(model) + "-" + number;
  }

  /** The number of an index that {@link #index} named. */
  public static long number(String index) {
    return Long.parseLong(index.substring(index.lastIndexOf('-') + 1));
  }

  /** A name in a path. */
  public static String inPath(String name) {
    return name.replace("%", "%25");
  }
}
