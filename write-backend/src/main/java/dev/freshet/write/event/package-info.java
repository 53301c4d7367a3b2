/** Tables of events: how they are made, and whether they and their copies are whole. */
@NullMarked
package dev.freshet.write.event;

import org.jspecify.annotations.NullMarked;
