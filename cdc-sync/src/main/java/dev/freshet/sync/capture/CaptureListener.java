package dev.freshet.sync.capture;

import dev.freshet.protocol.Lsn;
import java.util.List;

/** Takes what is captured, in order, on one thread. Whatever it throws ends the capture. */
public interface CaptureListener {

  /** Rows of the first copy, each an {@link RowChange.Upsert}. */
  void copied(List<RowChange.Upsert> rows);

  /** The first copy is complete, at this position. */
  void copyCompleted(Lsn at);

  /** Transactions to be applied, whole and in order; what returns is confirmed to the source. */
  void committed(List<SourceTransaction> transactions);
}
