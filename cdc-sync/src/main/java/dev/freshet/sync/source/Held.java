package dev.freshet.sync.source;

import org.jspecify.annotations.Nullable;

/**
 * What a copy has of a source.
 *
 * @param system whose rows it has; empty when it never had any
 * @param applied where it is; null before its first copy is complete
 */
public record Held(String system, @Nullable Place applied) {

  /** Whether nothing was ever copied. */
  public boolean isNew() {
    return system.isEmpty();
  }
}
