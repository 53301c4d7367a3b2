/**
 * cdc-sync: keeps the read models of one read database in step with the primary, by change data
 * capture.
 *
 * <p>{@link dev.freshet.sync.Session} shows the way: models are planned, the source is checked, and
 * then each source transaction is applied to mirror, models and position in one transaction of the
 * read database. Packages are the stages: {@code model} (as declared), {@code inference} (what a
 * change touches), {@code source}, {@code copy}, {@code capture}, {@code apply}, {@code upkeep}
 * (what is declared otherwise now), {@code status}.
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
