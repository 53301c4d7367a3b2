/**
 * The instances behind the gateway and how each of them is.
 *
 * <p>An instance is <em>starting</em> (not asked yet), <em>ready</em>, <em>not ready</em> (it
 * answers, and says that it can't serve), or <em>down</em>. A request that can't connect makes it
 * down at once; only the next health check that succeeds makes it ready again. Starting instances
 * are tried, down and unready ones are not.
 */
@NullMarked
package dev.freshet.gateway.pool;

import org.jspecify.annotations.NullMarked;
