/**
 * How a deployable starts and answers: its Spring context, its port, its connections, its problem
 * documents.
 *
 * <p>Several parts may run in one JVM. Therefore each is a context of its own that names the
 * auto-configurations it wants ({@link dev.freshet.runtime.Part}), rather than taking whatever the
 * class path of the whole offers.
 */
@NullMarked
package dev.freshet.runtime;

import org.jspecify.annotations.NullMarked;
