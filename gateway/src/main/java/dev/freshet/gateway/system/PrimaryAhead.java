package dev.freshet.gateway.system;

/**
 * For how long the primary has been beyond a position, by {@link System#nanoTime}.
 *
 * @param since the first moment of the last minute at which it was
 * @param until the last moment at which it was heard of
 */
public record PrimaryAhead(long since, long until) {}
