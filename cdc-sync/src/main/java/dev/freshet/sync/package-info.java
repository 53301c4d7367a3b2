/**
 * cdc-sync: keeps the read models of one read database in step with the primary, by change data
 * capture.
 *
 * <p>{@link dev.freshet.sync.Session} shows the way: models are planned, the source is checked, and
 * then each source transaction is applied to mirror, models and position in one transaction of the
 * read database. Packages: {@code model} (as declared), {@code inference} (what a change touches),
 * {@code source} (the port to a source of changes), {@code slot} and its engine {@code capture} (a
 * primary as such a source), {@code copy}, {@code apply} (batches), {@code delta} (what batches
 * changed in the models), {@code upkeep} (what is declared otherwise now), {@code verify}, {@code
 * control} and {@code status} (for operators), {@code connection} and {@code task} (what all use).
 *
 * <p>States: <em>starting</em>, <em>standby</em> (another process holds the read database),
 * <em>paused</em> (by an operator), <em>snapshot</em> (the first copy is being made; the models are
 * not served), <em>streaming</em>, <em>retrying</em> (something is out of reach; the reason says
 * what), <em>refused</em> (going on would lose rows or can't work; the reason says what to do).
 * Only refused needs a person.
 */
@NullMarked
package dev.freshet.sync;

import org.jspecify.annotations.NullMarked;
