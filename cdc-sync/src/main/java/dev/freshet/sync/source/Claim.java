package dev.freshet.sync.source;

import org.jspecify.annotations.Nullable;

/**
 * How a copy's claim on what the source retains for it stands.
 *
 * @param retainedBytes log that is held back for it
 * @param safeBytes log that may still be written before the source gives up what it needs; null
 *     where there is no such limit
 * @param lost whether that has been given up
 */
public record Claim(long retainedBytes, @Nullable Long safeBytes, boolean lost) {}
