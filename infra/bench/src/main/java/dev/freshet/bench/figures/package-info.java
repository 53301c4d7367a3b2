/** Statistics and tables of measured values. */
@NullMarked
package dev.freshet.bench.figures;

import org.jspecify.annotations.NullMarked;
