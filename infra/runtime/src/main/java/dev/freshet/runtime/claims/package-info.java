/** What the gateway verified of a client, on its way to the backends. */
@NullMarked
package dev.freshet.runtime.claims;

import org.jspecify.annotations.NullMarked;
