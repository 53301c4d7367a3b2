/**
 * What PostgreSQL knows of a model's SELECT once it has analysed it: its text with every name
 * resolved, its result, what it reads and calls, and the tree that its rules keep.
 *
 * <p>{@link dev.freshet.sync.analysis.Analyst} asks; what it is told decides what is refused, and
 * inference goes on from the resolved text.
 */
@NullMarked
package dev.freshet.sync.analysis;

import org.jspecify.annotations.NullMarked;
