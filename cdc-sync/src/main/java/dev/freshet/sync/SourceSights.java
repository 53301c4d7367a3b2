package dev.freshet.sync;

import dev.freshet.protocol.Lsn;
import dev.freshet.sync.apply.Applier;
import dev.freshet.sync.source.Pinger;
import dev.freshet.sync.source.Slot;
import dev.freshet.sync.status.Observation;
import java.time.Instant;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What the pinger sees at the source, for the status and for those who read the position. */
record SourceSights(Applier applier, Consumer<Observation> observer) implements Pinger.Observer {

  @Override
  public void pinged(Pinger.Ping ping) {
    observer.accept(new Observation.Pinged(ping));
  }

  @Override
  public void level(Lsn applied, long sinceNanos, Instant at) {
    if (applier.confirmLevel(applied, sinceNanos)) {
      observer.accept(new Observation.Level(applied, at));
    }
  }

  @Override
  public void sawSlot(Slot.@Nullable Claim claim, Lsn flushed, Instant at) {
    observer.accept(new Observation.SlotSeen(claim, flushed, at));
  }
}
