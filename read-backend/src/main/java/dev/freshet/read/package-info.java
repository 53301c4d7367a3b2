/**
 * The read-backend: answers the read models of one source, a primary, a replica, or a read
 * database.
 *
 * <p>{@link dev.freshet.read.ReadPath} shows the way of one read: the model is looked up in the
 * source's catalogue, the query is read, the source is waited for until it is fresh enough, and
 * PostgreSQL makes the JSON.
 */
@NullMarked
package dev.freshet.read;

import org.jspecify.annotations.NullMarked;
