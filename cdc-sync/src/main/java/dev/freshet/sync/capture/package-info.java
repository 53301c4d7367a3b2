/**
 * Change data capture: embedded Debezium as a stream of whole source transactions.
 *
 * <p>The engine is told where to start by {@link dev.freshet.sync.capture.AppliedOffset}, never by
 * an offset of its own: what was applied is kept with the rows. Changes are held until their
 * transaction's end; what a listener throws ends the engine, and the next one starts from what was
 * applied.
 */
@NullMarked
package dev.freshet.sync.capture;

import org.jspecify.annotations.NullMarked;
