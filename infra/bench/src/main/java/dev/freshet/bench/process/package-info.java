/** Starts processes, and measures the CPU time and memory that they use. */
@NullMarked
package dev.freshet.bench.process;

import org.jspecify.annotations.NullMarked;
