/**
 * Connections of a sync to its databases: how they are opened, and how one is given up whose
 * database does not answer any more.
 */
@NullMarked
package dev.freshet.sync.connection;

import org.jspecify.annotations.NullMarked;
