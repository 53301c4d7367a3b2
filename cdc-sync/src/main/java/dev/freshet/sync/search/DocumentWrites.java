package dev.freshet.sync.search;

import dev.freshet.protocol.Position;
import dev.freshet.search.Batch;
import dev.freshet.search.RowDocument;
import dev.freshet.search.SearchFailed;
import dev.freshet.search.StoreNames;
import dev.freshet.sync.delta.ModelDelta;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes of documents, each with the place that it is of as its version. */
final class DocumentWrites {

  private final Rejections rejections;
  private final Map<String, String> refused = new HashMap<>();

  DocumentWrites(Rejections rejections) {
    this.rejections = rejections;
  }

  private void refuse(String model, List<@Nullable String> key, String reason) {
    refused.putIfAbsent(model, reason);
    rejections.rejected(model, key, reason);
  }

  /** Models of which a row was refused since this was asked last, with the reason. */
  Map<String, String> takeRefused() {
    Map<String, String> taken = Map.copyOf(refused);
    refused.clear();
    return taken;
  }

  /** What says which batch an index is of. */
  BulkWriter.Write batch(String index, Batch batch) {
    return new BulkWriter.Write(
        index,
        StoreNames.PLACE,
        batch.begun().lsn().value(),
        batch.document(),
        null,
        reason -> {
          throw new SearchFailed(0, "", reason, null);
        });
  }

  /** What a batch says of the rows of one index. */
  void rows(
      BulkWriter bulk, String index, RowDocument documents, ModelDelta.Rows rows, Position place)
      throws SearchFailed {
    long version = place.lsn().value();
    for (List<@Nullable String> key : rows.removed()) {
      bulk.add(removal(index, rows.model(), key, version));
    }
    for (Map.Entry<List<@Nullable String>, List<@Nullable String>> row :
        rows.upserted().entrySet()) {
      bulk.add(row(index, documents, rows.model(), row.getKey(), row.getValue(), version));
    }
  }

  BulkWriter.Write removal(String index, String model, List<@Nullable String> key, long version) {
    return new BulkWriter.Write(
        index, RowDocument.id(key), version, null, null, reason -> refuse(model, key, reason));
  }

  BulkWriter.Write row(
      String index,
      RowDocument documents,
      String model,
      List<@Nullable String> key,
      List<@Nullable String> values,
      long version) {
    return new BulkWriter.Write(
        index,
        RowDocument.id(key),
        version,
        documents.of(values),
        () -> documents.asText(values),
        reason -> refuse(model, key, reason));
  }
}
