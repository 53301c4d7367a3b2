package dev.freshet.read.query;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * What a condition says of a field and a value. The names are PostgREST's; PostgreSQL reads the
 * value as what the operator takes beside the field's type.
 */
public enum Operator {
  EQ(true),
  NEQ(false),
  GT(true),
  GTE(true),
  LT(true),
  LTE(true),
  ISDISTINCT(false),
  LIKE(true),
  ILIKE(true),
  MATCH(true),
  IMATCH(true),
  /** Contains. */
  CS(false),
  /** Is contained in. */
  CD(false),
  /** Overlaps. */
  OV(false),
  /** Strictly left of. */
  SL(false),
  /** Strictly right of. */
  SR(false),
  /** Does not extend to the left of. */
  NXL(false),
  /** Does not extend to the right of. */
  NXR(false),
  /** Is adjacent to. */
  ADJ(false);

  private final boolean takesSeveral;

  Operator(boolean takesSeveral) {
    this.takesSeveral = takesSeveral;
  }

  /** As a query has it. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether it may be asked of any or all of several values. */
  boolean takesSeveral() {
    return takesSeveral;
  }

  /** Whether {@code *} stands for {@code %} in its values. */
  boolean isPattern() {
    return this == LIKE || this == ILIKE;
  }

  static Optional<Operator> of(String word) {
    return Arrays.stream(values()).filter(operator -> operator.word().equals(word)).findFirst();
  }
}
