/**
 * The way of one command: body checked, decided in one transaction, answered with its position.
 *
 * <p>A command ends as {@link dev.freshet.write.command.Outcome.Done} or {@link
 * dev.freshet.write.command.Outcome.Refused}; a refusal rolls back. Either answer carries the
 * primary's position, taken after the transaction's end on the same connection. When the database
 * can't be reached, the answer is 503 and nothing was written; when the connection breaks while the
 * commit is under way, it is 504 {@code outcome-unknown}.
 */
@NullMarked
package dev.freshet.write.command;

import org.jspecify.annotations.NullMarked;
