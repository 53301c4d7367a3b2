package dev.freshet.sync.search;

import dev.freshet.search.Batch;
import dev.freshet.search.ModelIndex;
import dev.freshet.search.RowDocument;

/** A model's index that readers are led to. */
final class Served {

  final String index;
  final ModelIndex model;
  final RowDocument documents;

  /** Of which its rows are. */
  Batch batch;

  Served(String index, ModelIndex model, Batch batch) {
    this.index = index;
    this.model = model;
    this.documents = new RowDocument(model);
    this.batch = batch;
  }
}
