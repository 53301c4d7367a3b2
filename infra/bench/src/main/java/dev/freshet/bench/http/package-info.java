/** Requests of the load that the benchmarks make. */
@NullMarked
package dev.freshet.bench.http;

import org.jspecify.annotations.NullMarked;
