/**
 * The benchmarks: the system in processes of its own, driven from here, its CPU time read from the
 * operating system. They print what they measured; they judge nothing.
 */
@NullMarked
package dev.freshet.bench;

import org.jspecify.annotations.NullMarked;
