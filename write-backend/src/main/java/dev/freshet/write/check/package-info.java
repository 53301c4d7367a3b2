/**
 * Commands as the primary understands them: each statement is prepared there, so that nothing is
 * found out at a client's cost.
 */
@NullMarked
package dev.freshet.write.check;

import org.jspecify.annotations.NullMarked;
