/**
 * Applies source transactions to the read database.
 *
 * <p>A batch of whole transactions is one transaction here: mirror rows, the rows of the models
 * that they touch, and the position. {@link dev.freshet.sync.apply.Applier} shows the order of the
 * steps. A batch succeeds as a whole or changes nothing. The position is advanced by
 * compare-and-set on epoch and position, so that a process that was cut off and has a successor
 * can't apply any more.
 */
@NullMarked
package dev.freshet.sync.apply;

import org.jspecify.annotations.NullMarked;
