package dev.freshet.sync.capture;

import dev.freshet.protocol.Lsn;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A committed transaction of the source.
 *
 * @param end the end of its commit record
 * @param committedAt when it was committed, by the source's clock
 * @param changes its changes to published tables, in order; empty for a ping
 * @param trace the {@code traceparent} that it says it is part of; null when it says nothing
 */
public record SourceTransaction(
    Lsn end, Instant committedAt, Changes changes, @Nullable String trace) {}
