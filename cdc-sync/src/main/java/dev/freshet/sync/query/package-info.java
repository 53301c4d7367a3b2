/**
 * A model's SELECT as a tree: what it scans, joins, filters, groups and returns.
 *
 * <p>{@link dev.freshet.sync.query.QueryReader} reads it from the text that PostgreSQL prints of a
 * view, in which every name is resolved. Expressions are kept as text with the columns and the
 * queries in them: what they compute is PostgreSQL's affair. A tree prints itself as SQL; what WITH
 * names stands in it wherever it is mentioned.
 */
@NullMarked
package dev.freshet.sync.query;

import org.jspecify.annotations.NullMarked;
