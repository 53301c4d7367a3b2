/**
 * HTTP as it comes in, of HTTP/1.1 byte by byte, and what of it is refused before anything acts on
 * it.
 */
@NullMarked
package dev.freshet.gateway.wire;

import org.jspecify.annotations.NullMarked;
