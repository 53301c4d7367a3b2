/**
 * Lines of which there are as many as requests: gathered, and written some at a time.
 *
 * <p>Named in {@code logback.xml} alone. What comes faster than it is written is left out, and
 * counted.
 */
@NullMarked
package dev.freshet.local.log;

import org.jspecify.annotations.NullMarked;
