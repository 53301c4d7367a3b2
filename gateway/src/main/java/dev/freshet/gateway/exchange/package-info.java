/**
 * One request and the way its answer goes out, as the stages see them, independent of the server.
 *
 * <p>An exchange is answered once. Until then any number of attempts may be made; what an attempt
 * prepares belongs to it alone.
 */
@NullMarked
package dev.freshet.gateway.exchange;

import org.jspecify.annotations.NullMarked;
