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

  /**
   * Takes transactions of which it is to be found out first whether they mean what was planned for.
   * Whoever can take them back may begin meanwhile.
   *
   * @param check finds it out, on any thread, and throws where they don't: then none of them may
   *     last
   */
  default void committed(List<SourceTransaction> transactions, Runnable check) {
    check.run();
    committed(transactions);
  }
}
