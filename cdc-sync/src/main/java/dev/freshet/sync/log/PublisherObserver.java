package dev.freshet.sync.log;

import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceObserver;
import dev.freshet.sync.source.SourceTransaction;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Takes what a publisher does, and sees of its source. */
public interface PublisherObserver extends SourceObserver {

  /**
   * It has the log, and publishes from here on.
   *
   * @param end of the log
   */
  void began(Place end);

  /** Transactions are missing from here on: copies that have not passed it are rebuilt. */
  void leftGap(Place goesOnAt, String because);

  /**
   * Transactions are in the log.
   *
   * @param records how many there are of them and whatever came before, by topic
   * @param at when they were, by the source's clock
   */
  void published(List<SourceTransaction> transactions, Map<String, Long> records, Instant at);
}
