/**
 * What a model's SELECT says about the rows that a change touches.
 *
 * <p>A query is a {@link dev.freshet.sync.inference.Block}, one SELECT with its FROM, or several of
 * them put together by UNION and its like. Each mention of a table in it is a {@link
 * dev.freshet.sync.inference.Way} from changed rows of that table to values of the query's columns:
 * the FROM with that one mention reduced to the changed rows. What the way ends in is a set that
 * holds the values of every result row that the change makes, removes or alters, provided that it
 * is run before the change is applied and again after. Where that can't be had, the way says why.
 */
@NullMarked
package dev.freshet.sync.inference;

import org.jspecify.annotations.NullMarked;
