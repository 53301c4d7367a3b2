/**
 * The write-backend: takes commands, decides them on the primary, and says at which position of the
 * log the decision is.
 *
 * <p>{@code CommandPath} shows the way of one command. What a command is, its file says ({@link
 * dev.freshet.write.declaration}); the primary has prepared it ({@link dev.freshet.write.check}),
 * and {@link dev.freshet.write.run} runs it.
 */
@NullMarked
package dev.freshet.write;

import org.jspecify.annotations.NullMarked;
