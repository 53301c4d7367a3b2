/**
 * How the parts reach PostgreSQL: addresses, connections with pinned settings, pools, the search
 * for the server that is the primary, and the questions for positions and timelines.
 *
 * <p>Values that two deployables must agree on are in {@code dev.freshet.protocol}.
 */
@NullMarked
package dev.freshet.postgres;

import org.jspecify.annotations.NullMarked;
