/**
 * Rows for copies that follow a log: of another read database, or of the primary, as they are at
 * one place of the log.
 */
@NullMarked
package dev.freshet.sync.seed;

import org.jspecify.annotations.NullMarked;
