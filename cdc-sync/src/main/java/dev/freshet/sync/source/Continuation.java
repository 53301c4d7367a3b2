package dev.freshet.sync.source;

/** How a copy goes on. */
public sealed interface Continuation {

  /** From where it is. */
  record GoOn() implements Continuation {}

  /**
   * With a copy of everything.
   *
   * @param because a sentence
   */
  record CopyAll(String because) implements Continuation {}
}
