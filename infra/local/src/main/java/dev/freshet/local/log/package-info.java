/**
 * Writes log lines that are as many as requests: collects them, and writes some at a time.
 *
 * <p>Only {@code logback.xml} names these classes. Lines that come faster than they are written are
 * dropped, and counted.
 */
@NullMarked
package dev.freshet.local.log;

import org.jspecify.annotations.NullMarked;
