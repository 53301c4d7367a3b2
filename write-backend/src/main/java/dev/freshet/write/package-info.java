/**
 * The write-backend: takes commands, decides them on the primary, and says at which position of the
 * log the decision is.
 *
 * <p>{@link dev.freshet.write.command.CommandPath} shows the way of one command; {@code menu} and
 * {@code order} hold the restaurant's commands.
 */
@NullMarked
package dev.freshet.write;

import org.jspecify.annotations.NullMarked;
