package dev.freshet.sync.apply;

import dev.freshet.sync.model.TableName;
import java.util.LinkedHashMap;
import java.util.Map;

/** What batches are applied to, all on one connection. */
record Kept(
    Sql sql,
    Map<TableName, Mirror> mirrors,
    Map<String, MaintainedModel> models,
    Map<String, BuildingModel> building,
    ModelStore modelStore,
    DeadLetters deadLetters,
    Deltas deltas) {

  /** Nothing is kept yet. */
  Kept(Sql sql, ModelStore modelStore, DeadLetters deadLetters) {
    this(
        sql,
        new LinkedHashMap<>(),
        new LinkedHashMap<>(),
        new LinkedHashMap<>(),
        modelStore,
        deadLetters,
        new Deltas());
  }

  /** What dead letters touch is not served, and is again when they are settled. */
  void showLetters() {
    DeadLetters.Marks marks = deadLetters.marks();
    for (MaintainedModel model : models.values()) {
      if (modelStore.showLetters(model.name(), marks.touch(model))) {
        deltas.reset(model.name(), "Whether it is served has changed.");
      }
    }
  }
}
