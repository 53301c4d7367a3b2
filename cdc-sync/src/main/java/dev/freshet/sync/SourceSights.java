package dev.freshet.sync;

import dev.freshet.sync.apply.Applier;
import dev.freshet.sync.source.Claim;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceObserver;
import dev.freshet.sync.status.Observation;
import java.time.Instant;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a capture sees of its source, for the status and for those who read the position. */
record SourceSights(Applier applier, Consumer<Observation> observer) implements SourceObserver {

  @Override
  public void marked(Place mark, Place end, @Nullable Claim claim, Instant at) {
    observer.accept(new Observation.Marked(mark, end, claim, at));
  }

  @Override
  public void level(Place applied, long sinceNanos, Instant at) {
    if (applier.confirmLevel(applied, sinceNanos)) {
      observer.accept(new Observation.Level(applied, at));
    }
  }

  @Override
  public void sawClaim(@Nullable Claim claim, Place end, Instant at) {
    observer.accept(new Observation.SlotSeen(claim, end, at));
  }
}
