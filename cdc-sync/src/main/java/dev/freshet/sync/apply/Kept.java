package dev.freshet.sync.apply;

import dev.freshet.sync.model.TableName;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** What batches are applied to, all on one connection. */
record Kept(
    Sql sql,
    Map<TableName, Mirror> mirrors,
    Map<String, MaintainedModel> models,
    Map<String, BuildingModel> building,
    ModelStore modelStore,
    DeadLetters deadLetters,
    EventLog events,
    Deltas deltas) {

  /** Nothing is kept yet. */
  Kept(Sql sql, ModelStore modelStore, DeadLetters deadLetters, EventLog events) {
    this(
        sql,
        new LinkedHashMap<>(),
        new LinkedHashMap<>(),
        new LinkedHashMap<>(),
        modelStore,
        deadLetters,
        events,
        new Deltas());
  }

  /** The same without some models, both their tables that serve and those that are being built. */
  Kept without(Set<String> some) {
    if (some.isEmpty()) {
      return this;
    }
    Map<String, MaintainedModel> fewer = new LinkedHashMap<>(models);
    fewer.keySet().removeAll(some);
    Map<String, BuildingModel> fewerBuilding = new LinkedHashMap<>(building);
    fewerBuilding.keySet().removeAll(some);
    return new Kept(sql, mirrors, fewer, fewerBuilding, modelStore, deadLetters, events, deltas);
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
