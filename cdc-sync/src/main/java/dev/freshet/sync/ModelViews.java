package dev.freshet.sync;

import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.source.SourceDatabase;
import dev.freshet.sync.source.Views;
import dev.freshet.sync.status.Observation;
import java.util.List;
import java.util.function.Consumer;

/** The models' views on the source, as a session finds and makes them. */
final class ModelViews {

  private final Views views;
  private final boolean isToInstall;
  private final Consumer<Observation> observer;

  /**
   * Prepares.
   *
   * @param isToInstall whether they are to be made; else they are only looked at
   */
  ModelViews(SourceDatabase source, boolean isToInstall, Consumer<Observation> observer) {
    this.views = new Views(source.db(), source.transactions());
    this.isToInstall = isToInstall;
    this.observer = observer;
  }

  /** Makes the views of models, and tells of those that the source refuses. */
  void install(List<ReadModel> models) {
    if (isToInstall) {
      views
          .install(models)
          .forEach(
              (model, reason) ->
                  observer.accept(new Observation.ModelChanged(model, "without a view", reason)));
    }
    observer.accept(new Observation.ViewsSeen(views.names()));
  }

  /** Installs views where no session can start. The session's own refusal names the models. */
  void installQuietly(List<ReadModel> models) {
    if (isToInstall) {
      views.install(models);
    }
    observer.accept(new Observation.ViewsSeen(views.names()));
  }
}
