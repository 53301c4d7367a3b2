/**
 * What two deployables must agree on: positions in the write-ahead log, the headers that carry
 * them, the session token's wire form, problem documents, and how a PostgreSQL is addressed.
 *
 * <p>Values, and the few statements by which PostgreSQL is asked for them. Nothing here knows
 * Spring.
 */
@NullMarked
package dev.freshet.protocol;

import org.jspecify.annotations.NullMarked;
