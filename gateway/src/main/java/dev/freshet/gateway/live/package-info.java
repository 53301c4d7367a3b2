/**
 * The routes that are in force, and how they come to be.
 *
 * <p>An edition of {@code routes.yaml} becomes a <em>generation</em>: its routes, instances and
 * filters, all made before the first request sees them. A generation is <em>in force</em> until the
 * next one is, and <em>retired</em> from then on: requests that have begun on it end on it, and
 * when the last one has, what nobody else uses is closed. A file that can't be used changes
 * nothing.
 */
@NullMarked
package dev.freshet.gateway.live;

import org.jspecify.annotations.NullMarked;
