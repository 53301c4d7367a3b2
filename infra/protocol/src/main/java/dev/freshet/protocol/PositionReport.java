package dev.freshet.protocol;

import org.jspecify.annotations.Nullable;

/**
 * The body of {@code GET /.freshet/position}.
 *
 * @param position the copy's {@link Position} as text; null while it is unknown
 * @param kind the {@link SourceKind#wireName}
 * @param lagSeconds how far behind the primary the copy is, in seconds; null while it is unknown
 * @param ready whether the backend can answer requests now
 */
public record PositionReport(
    @Nullable String position, String kind, @Nullable Double lagSeconds, boolean ready) {}
