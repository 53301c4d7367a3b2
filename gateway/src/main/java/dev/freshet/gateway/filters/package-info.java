/**
 * Routes with filters of Spring Cloud Gateway. Their requests pass through its handler; at the end
 * of the chain stands the same way as for all others.
 *
 * <p>A filter may change the answer's head after the chain below it has ended. So the end of the
 * chain is reached when the head is known, and the content is written once all filters are through.
 */
@NullMarked
package dev.freshet.gateway.filters;

import org.jspecify.annotations.NullMarked;
