package dev.freshet.sync.source;

import java.util.List;

/** Takes what is captured, in order, on one thread. Whatever it throws ends the capture. */
@FunctionalInterface
public interface TransactionListener {

  /**
   * Takes transactions, whole and in order. When it returns, the source may forget them.
   *
   * @param transactions at least one; their changes are closed afterwards
   */
  void committed(List<SourceTransaction> transactions);
}
