/** The whole system, started as its users start it. */
@NullMarked
package dev.freshet.systemtests;

import org.jspecify.annotations.NullMarked;
