/** The endpoints for operators, on a port of their own. */
@NullMarked
package dev.freshet.gateway.operator;

import org.jspecify.annotations.NullMarked;
