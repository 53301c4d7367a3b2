package dev.freshet.sync.capture;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Tells the engine's thread that the stream has put something into the queue that is worth polling
 * for: the end of a transaction, or so many changes that they should not pile up.
 */
final class Arrivals {

  /** Far less than the queue holds; a transaction of many rows passes through it in parts. */
  private static final int MANY = 256;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition came = lock.newCondition();

  /** The stream's thread's own. */
  private int untold;

  private boolean pending;
  private boolean ended;

  /** A message is in the queue; called by the stream's thread alone. */
  void add(boolean endsTransaction) {
    untold++;
    if (endsTransaction || untold >= MANY) {
      untold = 0;
      tell(false);
    }
  }

  /** No more will come: nobody waits from now on. */
  void end() {
    tell(true);
  }

  private void tell(boolean last) {
    lock.lock();
    try {
      pending = true;
      ended |= last;
      came.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for what is worth polling for, if it has not come since the last time. */
  void await(Duration atMost) throws InterruptedException {
    lock.lock();
    try {
      long left = atMost.toNanos();
      while (!pending && !ended && left > 0) {
        left = came.awaitNanos(left);
      }
      pending = false;
    } finally {
      lock.unlock();
    }
  }
}
