/**
 * How far the source is, and waiting until it is far enough.
 *
 * <p>A source is <em>known</em> (its position was read within the last poll) or <em>unknown</em>
 * (it can't be reached, or its read models are not complete): what waits for an unknown source is
 * told at once that it won't get there.
 */
@NullMarked
package dev.freshet.runtime.source;

import org.jspecify.annotations.NullMarked;
