/**
 * Programs of others in JVMs of their own, for local systems and tests: started, killed, started
 * again and stopped in order.
 */
@NullMarked
package dev.freshet.process;

import org.jspecify.annotations.NullMarked;
