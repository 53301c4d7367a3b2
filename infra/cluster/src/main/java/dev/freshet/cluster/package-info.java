/**
 * An embedded PostgreSQL cluster: a primary, streaming replicas, and read databases, run from the
 * binaries on the class path and kept in one data folder.
 *
 * <p>Each server is <em>absent</em> (no folder yet), <em>stopped</em>, or <em>running</em>. A
 * folder becomes a server's in one rename, so that an interrupted first start leaves nothing half
 * made. The servers are sessions of their own: they outlive a killed JVM, and the next start on the
 * same folder stops what is left before it goes on. Every wait is bounded; what fails is told with
 * the end of the server's own log.
 */
@NullMarked
package dev.freshet.cluster;

import org.jspecify.annotations.NullMarked;
