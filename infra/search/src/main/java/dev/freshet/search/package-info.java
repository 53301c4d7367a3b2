/**
 * A store of documents in OpenSearch: what its writer and its readers agree on, and how they reach
 * it.
 *
 * <p>Each model has an index of one shard, which nobody refreshes but the writer. It holds a
 * document for each row ({@link dev.freshet.search.RowDocument}), and one that says which batch the
 * rows are of ({@link dev.freshet.search.Batch}). An index of its own says how far all of them are
 * ({@link dev.freshet.search.Progress}).
 */
@NullMarked
package dev.freshet.search;

import org.jspecify.annotations.NullMarked;
