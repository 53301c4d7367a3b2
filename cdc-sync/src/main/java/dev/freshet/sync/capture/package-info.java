/**
 * Change data capture: embedded Debezium as a stream of whole source transactions.
 *
 * <p>{@link dev.freshet.sync.capture.AppliedOffset} tells the engine where to start; the engine has
 * no offset of its own. What was applied is stored with the rows. Changes are held until the end of
 * their transaction. An exception of a listener ends the engine, and the next one starts from what
 * was applied.
 */
@NullMarked
package dev.freshet.sync.capture;

import org.jspecify.annotations.NullMarked;
