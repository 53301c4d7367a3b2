/**
 * The commands. Each exits with status 0 when done, 1 when it failed, with one sentence that says
 * why and what to do, and 2 when it was called wrongly.
 */
@NullMarked
package dev.freshet.local.cli;

import org.jspecify.annotations.NullMarked;
