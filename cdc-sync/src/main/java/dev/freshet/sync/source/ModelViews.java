package dev.freshet.sync.source;

import dev.freshet.sync.model.ReadModel;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The models as views on the source and on every replica of it. */
public interface ModelViews {

  /**
   * Makes every model's view as declared; one that is so already is not touched.
   *
   * @param byMeaning whether to compare what a view's names meant when it was made with what they
   *     mean now, too: tables may have changed their names, and a star may stand for more columns
   * @return why not, of each model whose view the source refuses
   */
  Map<String, String> install(List<ReadModel> models, boolean byMeaning);

  /**
   * Drops a model's view, if it is ours.
   *
   * @return why not, where the source refuses it
   */
  Optional<String> drop(String model);

  /** The names of all views that there are in the models' schema, whoever made them. */
  Set<String> names();
}
