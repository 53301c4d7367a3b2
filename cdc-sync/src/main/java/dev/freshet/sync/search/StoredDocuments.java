package dev.freshet.sync.search;

import dev.freshet.search.Json;
import dev.freshet.search.RowDocument;
import dev.freshet.search.StoreNames;
import java.util.ArrayList;
import java.util.List;

/** All rows of a model as the store had them at one moment, some at a time. */
public final class StoredDocuments implements AutoCloseable {

  private final Scroll scroll;

  /**
   * A row.
   *
   * @param id of its document, as {@link RowDocument#id} makes it of the key
   * @param row its JSON, as readers get it
   */
  public record Row(String id, String row) {}

  StoredDocuments(Scroll scroll) {
    this.scroll = scroll;
  }

  /**
   * The next rows; none at the end.
   *
   * @throws SinkFailed when the store does not give them
   */
  public List<Row> next() {
    List<Row> rows = new ArrayList<>();
    while (rows.isEmpty()) {
      List<Scroll.Document> documents = SinkFailed.failing(scroll::next);
      if (documents.isEmpty()) {
        return List.of();
      }
      for (Scroll.Document document : documents) {
        if (!document.id().equals(StoreNames.PLACE)) {
          rows.add(new Row(document.id(), RowDocument.row(Json.members(document.source()))));
        }
      }
    }
    return rows;
  }

  @Override
  public void close() {
    scroll.close();
  }
}
