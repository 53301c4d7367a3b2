package dev.freshet.read.query;

import org.jspecify.annotations.Nullable;

/**
 * Rows by their places, from 0.
 *
 * @param first the first place
 * @param last the last place, or null for as many as there are
 */
public record RowRange(long first, @Nullable Long last) {}
