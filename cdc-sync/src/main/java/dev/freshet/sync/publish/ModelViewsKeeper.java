package dev.freshet.sync.publish;

import dev.freshet.sync.model.ModelFiles;
import dev.freshet.sync.model.ModelFiles.Declared;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.ModelViews;
import dev.freshet.sync.status.Observation;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** Keeps the models as views on the source, as copies that follow a log don't reach it. */
final class ModelViewsKeeper implements Consumer<ChangeSource> {

  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  /** A view that was released for a migration comes back within this time. */
  private static final Duration VIEWS_EVERY = Duration.ofSeconds(5);

  private final Path folder;
  private final Consumer<Observation> observer;
  private final Map<String, String> refusals = new HashMap<>();

  ModelViewsKeeper(Path folder, Consumer<Observation> observer) {
    this.folder = folder;
    this.observer = observer;
  }

  /** Works until the thread is interrupted. */
  @Override
  public void accept(ChangeSource source) {
    ModelViews views = source.views().orElseThrow();
    Map<String, Declared> seen = Map.of();
    long installedNanos = 0;
    while (!Thread.currentThread().isInterrupted()) {
      Map<String, Declared> declared = declared(seen);
      boolean isNew = !declared.equals(seen);
      if (isNew || System.nanoTime() - installedNanos > VIEWS_EVERY.toNanos()) {
        installedNanos = System.nanoTime();
        seen.keySet().stream()
            .filter(model -> !declared.containsKey(model))
            .forEach(model -> drop(model, views));
        install(declared, views, isNew);
        seen = declared;
      }
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
    }
  }

  /** What can't be read now stays as it was. */
  private Map<String, Declared> declared(Map<String, Declared> seen) {
    try {
      return ModelFiles.read(folder);
    } catch (SyncRefused e) {
      observer.accept(new Observation.FolderUnreadable(String.valueOf(e.getMessage())));
      return seen;
    }
  }

  private void drop(String model, ModelViews views) {
    refusals.remove(model);
    observer.accept(
        new Observation.ModelChanged(model, "without a view", views.drop(model).orElse("")));
  }

  private void install(Map<String, Declared> declared, ModelViews views, boolean byMeaning) {
    List<ReadModel> readable = new ArrayList<>();
    for (Declared model : declared.values()) {
      try {
        readable.add(model.model());
      } catch (SyncRefused e) {
        // Which the syncs say.
      }
    }
    Map<String, String> now = views.install(readable, byMeaning);
    now.forEach(
        (model, reason) -> {
          if (!reason.equals(refusals.get(model))) {
            observer.accept(new Observation.ModelChanged(model, "without a view", reason));
          }
        });
    refusals.clear();
    refusals.putAll(now);
  }
}
