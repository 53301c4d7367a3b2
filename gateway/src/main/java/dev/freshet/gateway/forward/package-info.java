/**
 * Sending a request to one instance and its answer to the client.
 *
 * <p>An attempt ends in exactly one of the ways of {@link dev.freshet.gateway.forward.Attempt}.
 * Once the answer's first byte is on its way to the client there is no second attempt. A request is
 * sent once: the client never resends on its own.
 */
@NullMarked
package dev.freshet.gateway.forward;

import org.jspecify.annotations.NullMarked;
