/** What a sync tells: status, metrics and log, all rendered from its observations. */
@NullMarked
package dev.freshet.sync.status;

import org.jspecify.annotations.NullMarked;
