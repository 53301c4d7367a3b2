/**
 * One request and the way its answer goes out, as the stages see them: without a word of the server
 * that it came in by.
 *
 * <p>An exchange is answered once. Until then any number of attempts may be made; what they prepare
 * is theirs alone.
 */
@NullMarked
package dev.freshet.gateway.exchange;

import org.jspecify.annotations.NullMarked;
