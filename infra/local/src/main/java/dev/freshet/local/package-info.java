/** The command line, and the whole system on one machine. */
@NullMarked
package dev.freshet.local;

import org.jspecify.annotations.NullMarked;
