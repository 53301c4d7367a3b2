/**
 * Traces by OpenTelemetry: where a request's time goes, from the gateway to the SQL.
 *
 * <p>A part's traces are off, and cost nothing, unless the usual {@code OTEL_} variables say where
 * they are to go. What can't be sent there in time is thrown away: a trace never holds up a
 * request.
 */
@NullMarked
package dev.freshet.runtime.trace;

import org.jspecify.annotations.NullMarked;
