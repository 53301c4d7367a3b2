/**
 * The gateway: one HTTP endpoint in front of a PostgreSQL system.
 *
 * <p>{@link dev.freshet.gateway.RequestPath} shows the way of a request. Packages are its stages:
 * {@code routing} finds the route and reads the intent, {@code session} the client's token and
 * level, {@code choice} lists the instances to try, {@code pool} knows how each of them is, {@code
 * forward} sends. All but the last are plain values, free of WebFlux.
 */
@NullMarked
package dev.freshet.gateway;

import org.jspecify.annotations.NullMarked;
