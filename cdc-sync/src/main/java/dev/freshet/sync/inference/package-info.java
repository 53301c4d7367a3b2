/**
 * What a model's SELECT says about the rows that a change touches.
 *
 * <p>For each mention of a table in a query there is a {@link dev.freshet.sync.inference.Reach}: a
 * query of its own, which leads from changed rows of that table to values of the result's columns.
 * It holds the values of every result row that the change makes, removes or alters, provided that
 * it is run before the change is applied and again after. Rules follow the query's shape: {@link
 * dev.freshet.sync.inference.Reduction} through joins, {@link
 * dev.freshet.sync.inference.SelectReaches} through a SELECT, {@link
 * dev.freshet.sync.inference.Reaches} through UNION and its like. Where values can't be told, all
 * rows are touched.
 */
@NullMarked
package dev.freshet.sync.inference;

import org.jspecify.annotations.NullMarked;
