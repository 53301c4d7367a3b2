package dev.freshet.sync.source;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A committed transaction of the source.
 *
 * @param end where it ends
 * @param committedAt when it was committed, by the source's clock
 * @param changes its changes to published tables, in order; empty for a ping
 * @param trace the {@code traceparent} that it says it is part of; null when it says nothing
 */
public record SourceTransaction(
    Place end, Instant committedAt, Changes changes, @Nullable String trace) {}
