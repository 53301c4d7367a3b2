/**
 * A client's query of a model, in a subset of PostgREST's grammar, and the SQL that answers it.
 *
 * <p>Identifiers come from the catalogue alone; values are always bound.
 */
@NullMarked
package dev.freshet.read.query;

import org.jspecify.annotations.NullMarked;
