/**
 * What two deployables must agree on: positions and timelines, the headers that carry them, the
 * codes of problem documents, and the read database's own tables.
 *
 * <p>Values alone: nothing here opens a connection, or knows Spring.
 */
@NullMarked
package dev.freshet.protocol;

import org.jspecify.annotations.NullMarked;
