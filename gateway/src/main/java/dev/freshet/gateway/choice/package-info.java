/** Which instances a request is sent to, in which order, and why. */
@NullMarked
package dev.freshet.gateway.choice;

import org.jspecify.annotations.NullMarked;
