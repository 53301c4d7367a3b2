/**
 * One command, run: values bound, state read, refusals asked for, statements run and the key kept,
 * in one transaction.
 *
 * <p>A command ends as {@link dev.freshet.write.run.Outcome.Done} or {@link
 * dev.freshet.write.run.Outcome.Refused}; a refusal rolls back. When the database can't be reached,
 * nothing was written; when the connection breaks while the commit is under way, {@link
 * dev.freshet.write.run.OutcomeUnknown} says that nobody knows.
 */
@NullMarked
package dev.freshet.write.run;

import org.jspecify.annotations.NullMarked;
