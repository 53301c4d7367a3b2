package dev.freshet.sync.source;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Takes what a capture sees of its source beside the transactions. */
public interface SourceObserver {

  /**
   * A mark was written into the source, at which the copy will arrive.
   *
   * @param mark where it stands
   * @param end how far the source was
   * @param claim null when there is none
   */
  void marked(Place mark, Place end, @Nullable Claim claim, Instant at);

  /**
   * The source had nothing beyond what was applied.
   *
   * @param sinceNanos when the source was asked, of {@link System#nanoTime}
   */
  void level(Place applied, long sinceNanos, Instant at);

  /** The claim was checked. */
  void sawClaim(@Nullable Claim claim, Place end, Instant at);
}
