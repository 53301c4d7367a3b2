/**
 * What a proxied request costs: one load through each of several proxies to one origin, each in a
 * process of its own.
 */
@NullMarked
package dev.freshet.bench.gateway;

import org.jspecify.annotations.NullMarked;
