package dev.freshet.sync.capture;

import java.util.List;

/** Takes what is captured, in order, on one thread. Whatever it throws ends the capture. */
public interface CaptureListener {

  /** Transactions to be applied, whole and in order; what returns is confirmed to the source. */
  void committed(List<SourceTransaction> transactions);
}
