/**
 * The change source that is a PostgreSQL primary: its tables, the publication and the replication
 * slot, the views, and the pings.
 *
 * <p>The slot is <em>absent</em>, <em>usable</em>, <em>ahead</em> of what was applied (changes were
 * confirmed that never arrived: refused), or <em>lost</em> (the server gave up its log: a new copy
 * is made). Only here and in its engine, {@code capture}, places are read as LSNs.
 */
@NullMarked
package dev.freshet.sync.slot;

import org.jspecify.annotations.NullMarked;
