/**
 * The port to a source of changes, and the values that pass through it: places, tables,
 * transactions and their rows.
 *
 * <p>{@link dev.freshet.sync.source.ChangeSource} says what a source promises. Nothing here knows
 * which source it is.
 */
@NullMarked
package dev.freshet.sync.source;

import org.jspecify.annotations.NullMarked;
