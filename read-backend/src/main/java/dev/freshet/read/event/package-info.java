/** Events in the order in which they were committed, from what the sync notes of it. */
@NullMarked
package dev.freshet.read.event;

import org.jspecify.annotations.NullMarked;
