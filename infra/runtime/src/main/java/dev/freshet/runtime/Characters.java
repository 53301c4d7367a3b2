package dev.freshet.runtime;

import java.util.BitSet;

/** Sets of characters, as the grammars of URIs and headers name them. */
public final class Characters {

  private Characters() {}

  /** The digits and letters of ASCII, and others. */
  public static BitSet alphanumericAnd(String others) {
    BitSet set = new BitSet();
    set.set('0', '9' + 1);
    set.set('A', 'Z' + 1);
    set.set('a', 'z' + 1);
    others.chars().forEach(set::set);
    return set;
  }
}
