package dev.freshet.sync;

import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.ModelViews;
import dev.freshet.sync.status.Observation;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** The models' views on the source, as a session finds and makes them. */
final class SessionViews {

  private final Optional<ModelViews> views;
  private final boolean isToInstall;
  private final Consumer<Observation> observer;

  /**
   * Prepares.
   *
   * @param isToInstall whether they are to be made; else they are only checked
   */
  SessionViews(ChangeSource source, boolean isToInstall, Consumer<Observation> observer) {
    this.views = source.views();
    this.isToInstall = isToInstall;
    this.observer = observer;
  }

  /** Makes the views of models, and tells of those that the source refuses. */
  void install(List<ReadModel> models) {
    views.ifPresent(
        target -> {
          if (isToInstall) {
            target
                .install(models, true)
                .forEach(
                    (model, reason) ->
                        observer.accept(
                            new Observation.ModelChanged(model, "without a view", reason)));
          }
          observer.accept(new Observation.ViewsSeen(target.names()));
        });
  }

  /** Installs views where no session can start. The session's own refusal names the models. */
  void installQuietly(List<ReadModel> models) {
    views.ifPresent(
        target -> {
          if (isToInstall) {
            target.install(models, true);
          }
          observer.accept(new Observation.ViewsSeen(target.names()));
        });
  }
}
