/** Status, metrics and log of a sync, all rendered from its observations. */
@NullMarked
package dev.freshet.sync.status;

import org.jspecify.annotations.NullMarked;
