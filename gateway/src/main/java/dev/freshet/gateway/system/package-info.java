/**
 * The system behind the gateway as a whole: its identity, its timelines, its primary's position.
 *
 * <p>It is <em>unknown</em> until the first primary is heard of; from then on its timeline only
 * rises, by a promotion.
 */
@NullMarked
package dev.freshet.gateway.system;

import org.jspecify.annotations.NullMarked;
