/** Routes as operators write them, which one a request takes, and whether it reads or writes. */
@NullMarked
package dev.freshet.gateway.routing;

import org.jspecify.annotations.NullMarked;
