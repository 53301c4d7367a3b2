package dev.freshet.read.query;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What is made of the values of a group of rows. */
public enum Aggregate {
  COUNT,
  SUM,
  AVG,
  MIN,
  MAX;

  /** As a query, and SQL, have it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Optional<Aggregate> of(String word) {
    return Arrays.stream(values()).filter(aggregate -> aggregate.word().equals(word)).findFirst();
  }
}
