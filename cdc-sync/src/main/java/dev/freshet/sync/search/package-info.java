/**
 * Models' rows in a search store: the sink that writes them there.
 *
 * <p>A model is <em>building</em> (its index is filled, and no reader knows it), <em>served</em>
 * (readers' alias leads to its index), or neither. What fails in passing fails the call, which is
 * made again; what OpenSearch refuses of one row goes to {@link
 * dev.freshet.sync.search.Rejections}.
 */
@NullMarked
package dev.freshet.sync.search;

import org.jspecify.annotations.NullMarked;
