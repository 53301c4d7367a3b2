/** What processes use. */
@NullMarked
package dev.freshet.bench.process;

import org.jspecify.annotations.NullMarked;
