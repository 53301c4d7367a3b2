package dev.freshet.sync.source;

import dev.freshet.sync.model.TableName;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * What is to be captured.
 *
 * @param tables as they are followed
 * @param definitions names of the user's definitions that models call: the capture ends when one of
 *     them is altered
 * @param copiedAgain tables whose rows may not be understood, as they are copied later
 * @param withBefore tables of whose rows it is told, too, what they were before, where the source
 *     says so
 * @param applied where the copy is: at first, where to go on from
 * @param listener takes the transactions
 * @param observer takes what is seen of the source meanwhile
 */
public record CaptureRequest(
    Map<TableName, SourceTable> tables,
    Set<String> definitions,
    Set<TableName> copiedAgain,
    Set<TableName> withBefore,
    Supplier<Place> applied,
    TransactionListener listener,
    SourceObserver observer) {

  public CaptureRequest {
    tables = Map.copyOf(tables);
    definitions = Set.copyOf(definitions);
    copiedAgain = Set.copyOf(copiedAgain);
    withBefore = Set.copyOf(withBefore);
  }
}
