package dev.freshet.read.store;

import dev.freshet.read.model.Model;
import java.util.Collection;
import java.util.Optional;

/** A copy of the models. Each method may block. */
public interface ModelStore {

  /** The model of that name, with the columns that the asker may see. */
  Optional<Model> find(String name, Asker asker) throws StoreFailed;

  /** All models, each with the columns that the asker may see; those of which he sees none, too. */
  Collection<Model> all(Asker asker) throws StoreFailed;

  /** Whether a model that is not there is going to be: then another copy may have it already. */
  boolean expects(String name) throws StoreFailed;

  /** Forgets what it knows of models, because an answer found it to be wrong. */
  void forget();

  /** Many rows, at most as many as the store gives at once. */
  Answer rows(Question question) throws StoreFailed;

  /** One row by itself. */
  Answer row(Question question) throws StoreFailed;

  /** Whether times can be told in that zone. */
  boolean hasTimeZone(String name) throws StoreFailed;
}
