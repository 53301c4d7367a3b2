/**
 * Compares what is stored with what it should be: a model's table with its recomputed SELECT, and
 * mirrors and tables with the source, row by row at one position.
 */
@NullMarked
package dev.freshet.sync.verify;

import org.jspecify.annotations.NullMarked;
