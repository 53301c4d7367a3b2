package dev.freshet.runtime.source;

import dev.freshet.protocol.Position;
import org.jspecify.annotations.Nullable;

/**
 * How far a source is.
 *
 * @param lagSeconds how far behind the primary, in seconds
 * @param replayPaused of a replica, whether its replay is paused; null for other kinds
 */
public record Progress(Position position, double lagSeconds, @Nullable Boolean replayPaused) {}
