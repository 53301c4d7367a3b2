/**
 * The primary as cdc-sync uses it: what its tables look like, the publication and the slot, the
 * views, and the pings.
 *
 * <p>The slot is <em>absent</em>, <em>usable</em>, <em>ahead</em> of what was applied (changes were
 * confirmed that never arrived: refused), or <em>lost</em> (the server gave up its log: a new copy
 * is made).
 */
@NullMarked
package dev.freshet.sync.source;

import org.jspecify.annotations.NullMarked;
