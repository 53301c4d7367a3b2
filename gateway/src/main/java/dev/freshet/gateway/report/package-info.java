/**
 * What is told of the whole system: how everything is, what is wrong with it and what to do, how
 * requests and changes flow, and how it was lately.
 *
 * <p>{@link Ticker} looks once a second, whether somebody watches or not; a look that fails leaves
 * a gap, never an old value.
 */
@NullMarked
package dev.freshet.gateway.report;

import org.jspecify.annotations.NullMarked;
