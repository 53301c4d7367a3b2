package dev.freshet.gateway.pool;

/** How many requests an instance gets at a time, over all event loops of one gateway. */
public sealed interface Limit {

  /** As many as the gateway's own bounds let through. */
  record None() implements Limit {}

  /** A number. */
  record Fixed(int most) implements Limit {}

  /**
   * As many as it answers without getting slower, which is found out while it serves.
   *
   * @see AdaptiveLimit
   */
  record Adaptive() implements Limit {}

  Limit NONE = new None();
  Limit ADAPTIVE = new Adaptive();

  /** As the routes file has it: a number, or {@code adaptive}. */
  static Limit parse(String text) {
    return text.equals("adaptive") ? ADAPTIVE : new Fixed(Integer.parseInt(text));
  }
}
