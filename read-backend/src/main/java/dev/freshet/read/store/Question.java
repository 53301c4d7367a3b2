package dev.freshet.read.store;

import dev.freshet.read.model.Model;
import dev.freshet.read.query.ModelQuery;
import dev.freshet.read.query.Representation;
import dev.freshet.runtime.Deadline;

/**
 * What a store is asked.
 *
 * @param model as {@link ModelStore#find} gave it
 * @param deadline when nobody waits for the answer any more
 */
public record Question(
    Model model,
    ModelQuery query,
    Representation form,
    Count count,
    Asker asker,
    Deadline deadline) {}
