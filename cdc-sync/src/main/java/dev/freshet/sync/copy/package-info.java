/** Copies rows by COPY, between databases or within one, and reports progress. */
@NullMarked
package dev.freshet.sync.copy;

import org.jspecify.annotations.NullMarked;
