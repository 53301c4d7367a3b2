/**
 * A store that follows a read database: its rows as of a place of the source, one place for all.
 *
 * <p>A follower is <em>standby</em> (another one follows for the same store), <em>following</em>,
 * or <em>retrying</em> (database or store can't be reached, or do not take what they are given; it
 * tries again with a pause that grows to five seconds). What it has not read yet stays in the read
 * database, and its models are read from other copies meanwhile.
 */
@NullMarked
package dev.freshet.sync.follow;

import org.jspecify.annotations.NullMarked;
