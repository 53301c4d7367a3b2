/**
 * Models in a search store: the same query, the same answer as from every other copy, byte for
 * byte, or {@linkplain dev.freshet.read.search.Elsewhere a refusal} by which another copy is asked.
 */
@NullMarked
package dev.freshet.read.search;

import org.jspecify.annotations.NullMarked;
