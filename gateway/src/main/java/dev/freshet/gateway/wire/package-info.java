/**
 * HTTP as it comes in, of HTTP/1.1 byte by byte: what of clients' requests is refused before
 * anything acts on it, and what of backends' answers belongs to which request.
 */
@NullMarked
package dev.freshet.gateway.wire;

import org.jspecify.annotations.NullMarked;
