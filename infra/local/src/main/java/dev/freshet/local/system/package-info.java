/**
 * The whole system on one machine: the embedded cluster, and the parts on top of it.
 *
 * <p>Parts run in this JVM, or in one JVM each ({@link dev.freshet.local.system.PartRunner}). They
 * start in parallel, once the cluster runs; they stop in the order in which a request passes them,
 * and the cluster last. A part in a JVM of its own that dies is reported; the others go on.
 */
@NullMarked
package dev.freshet.local.system;

import org.jspecify.annotations.NullMarked;
