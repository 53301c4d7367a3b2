package dev.freshet.sync.log;

import dev.freshet.sync.source.Claim;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceTransaction;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Nobody looks. */
public class Unseen implements PublisherObserver {

  @Override
  public void began(Place end) {}

  @Override
  public void leftGap(Place goesOnAt, String because) {}

  @Override
  public void published(
      List<SourceTransaction> transactions, Map<String, Long> records, Instant at) {}

  @Override
  public void marked(Place mark, Place end, @Nullable Claim claim, Instant at) {}

  @Override
  public void level(Place applied, long sinceNanos, Instant at) {}

  @Override
  public void sawClaim(@Nullable Claim claim, Place end, Instant at) {}
}
