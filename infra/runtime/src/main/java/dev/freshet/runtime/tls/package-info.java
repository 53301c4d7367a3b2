/**
 * TLS made of files in PEM, which are read again when they change.
 *
 * <p>States: in force; in force while a newer file is refused. A file that can't be used changes
 * nothing and is told once, in the log and in a metric; connections that are open stay as they are.
 */
@NullMarked
package dev.freshet.runtime.tls;

import org.jspecify.annotations.NullMarked;
