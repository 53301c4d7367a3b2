/**
 * The console: one page of static modules, the runbook that it links to, and the event stream that
 * keeps it live. It shows and does nothing but what the JSON of {@code /api} offers.
 */
@NullMarked
package dev.freshet.gateway.console;

import org.jspecify.annotations.NullMarked;
