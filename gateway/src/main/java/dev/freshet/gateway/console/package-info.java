/**
 * The console: one page of static modules, the runbook that it links to, and the stream of looks
 * that keeps it live. All that it shows and does it has from the JSON of {@code /api}.
 */
@NullMarked
package dev.freshet.gateway.console;

import org.jspecify.annotations.NullMarked;
