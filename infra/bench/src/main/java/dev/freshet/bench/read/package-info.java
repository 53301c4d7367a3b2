/** What queries cost at each kind of copy, beside pgbench and a conventional controller. */
@NullMarked
package dev.freshet.bench.read;

import org.jspecify.annotations.NullMarked;
